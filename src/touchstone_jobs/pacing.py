"""How many calls an endpoint is asked to bear at once, found out by asking.

Additive increase, multiplicative decrease: the limit doubles every round trip until the first refusal (429); from
then on each refusal takes away the slot it showed to be one too many, and successes give slots back slowly.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

FIRST_LIMIT = 8
# below the limit just found, so that calls of changing length do not run into it at once
_MARGIN = 0.95
# the share of the limit won back per round trip, which itself grows with every round trip that goes well, so that
# probing is rare just after a refusal and quick when the endpoint has found new strength
_GROWTH = 0.005
_GROWTH_OF_GROWTH = 0.1
_LONGEST_PAUSE = 0.25


class Pace:
    """A semaphore of at most `most` slots whose size follows what the endpoint takes. For one event loop."""

    def __init__(self, most: int) -> None:
        self._most = float(max(most, 1))
        self._limit = min(float(FIRST_LIMIT), self._most)
        self._doubling = True
        self._growth = _GROWTH
        self._mean_seconds = 0.0
        self._in_flight = 0
        self._resume_at = self._decreased_at = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> float:
        return self._limit

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[float]:
        """Waits for a slot; gives the time at which the call begins, which `refused` asks for."""
        while not self._free():
            await self._turn()
        self._in_flight += 1
        try:
            yield time.monotonic()
        finally:
            self._in_flight -= 1
            self._wake()

    def succeeded(self, seconds: float) -> None:
        """A call went well in that time."""
        self._mean_seconds += (seconds - self._mean_seconds) * (0.1 if self._mean_seconds else 1.0)
        # a round trip is as many successes as there are slots: a step per success is a share of a slot
        self._limit = min(self._most, self._limit + (1.0 if self._doubling else self._growth))
        self._growth *= 1 + _GROWTH_OF_GROWTH / self._limit

    def refused(self, began: float, retry_after: float | None = None) -> None:
        """The call that began then was answered 429; `retry_after` seconds hold for everybody."""
        now = time.monotonic()
        self._doubling = False
        self._growth = _GROWTH
        self._limit = self._slots - 1.0
        if began > self._decreased_at:
            self._limit *= _MARGIN
            self._decreased_at = now
        self._limit = max(self._limit, 1.0)
        self._resume_at = max(self._resume_at, now + (self._pause if retry_after is None else retry_after))

    @property
    def _slots(self) -> int:
        return round(self._limit)

    @property
    def _pause(self) -> float:
        return min(self._mean_seconds, _LONGEST_PAUSE)

    def _free(self) -> bool:
        return self._in_flight < self._slots and time.monotonic() >= self._resume_at

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        pause = self._resume_at - time.monotonic()
        timer = loop.call_later(pause, self._wake) if pause > 0 else None
        try:
            await turn
        finally:
            if timer:
                timer.cancel()
            # a turn that was given and cannot be taken goes to the next
            if turn.cancelled():
                self._wake()

    def _wake(self) -> None:
        room = self._slots - self._in_flight
        while self._waiting and room > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                room -= 1
