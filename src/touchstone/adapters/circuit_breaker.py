"""Keeps a system that hangs from costing its time-out on every call."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """After a failure all calls are refused for `pause_seconds`; then one at a time may try again.

    `last_reason` says why it opened. `clock` counts seconds and never goes back.
    """

    def __init__(self, pause_seconds: float = 3.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._closed_to_calls_until: float | None = None
        self.last_reason = ""

    def allows_a_call(self) -> bool:
        """Answering yes while the system is suspected makes the asker the one who tries."""
        if self._closed_to_calls_until is None:
            return True
        now = self._clock()
        if now < self._closed_to_calls_until:
            return False
        self._closed_to_calls_until = now + self._pause_seconds
        return True

    def failed(self, reason: str) -> None:
        self.last_reason = reason
        self._closed_to_calls_until = self._clock() + self._pause_seconds

    def answered(self) -> None:
        self._closed_to_calls_until = None
