"""How many calls an endpoint is asked to bear at once, found out by asking.

Until the first refusal (429) slots are added one by one, ever faster; a call at a time, so that an endpoint which
refuses quickly refuses but one or two. From then on each refusal takes away the slot that it showed to be one too
many, and successes earn slots back: the more often the same limit was met, the more of them it takes.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

# how many slots may be added before anything was answered: an endpoint may be slow even to refuse
FIRST_LIMIT = 8
# the number of slots doubles in that time; the first ones do not wait so long
_DOUBLING_SECONDS = 0.25
_LONGEST_STEP_SECONDS = 0.04
# below the limit just found, so that calls of changing length do not run into it at once
_MARGIN = 0.95
# successes that earn a slot just after a refusal: at first, and where that limit was met again and again
_FEWEST_SUCCESSES = 25.0
_MOST_SUCCESSES = 400.0
# where a refusal means a pause for everybody, the share of calls that may be missed by asking for too much
_WORTH_PAUSING = 0.1
# calls are begun this much faster than they end on average, and no faster: in a burst, some would be one too many
_HASTE = 2.0
# what a busy loop is late by is made up for
_LATENESS_SECONDS = 0.01


class Pace:
    """A semaphore of at most `most` slots whose size follows what the endpoint takes. For one event loop."""

    def __init__(self, most: int) -> None:
        self._most = max(most, 1)
        self._limit = 1.0
        self._ramping = True
        self._answered = False
        self._mean_seconds = 0.0
        self._in_flight = 0
        self._grow_at = self._begin_at = self._resume_at = self._changed_at = 0.0
        self._step = 1.0
        self._successes, self._wanted_successes, self._patience = 0, 0.0, _FEWEST_SUCCESSES
        self._met_limit = -math.inf
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def limit(self) -> float:
        return self._limit

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[float]:
        """Waits for a slot; gives the time at which the call begins, which `refused` asks for."""
        await self._turn()
        try:
            yield _now()
        finally:
            self._in_flight -= 1
            self._wake()

    def succeeded(self, seconds: float) -> None:
        """A call went well in that time."""
        self._answered = True
        self._mean_seconds += (seconds - self._mean_seconds) * (0.1 if self._mean_seconds else 1.0)
        if not self._ramping and _now() - seconds >= self._changed_at:
            self._earn()

    def _earn(self) -> None:
        """Only calls that began under the limit of now tell something about it."""
        self._successes += 1
        if self._successes < self._wanted_successes:
            return
        self._limit = min(self._limit + self._step, self._most)
        self._step = min(self._step * 2, max(1.0, self._limit / 8))
        self._wanted_successes, self._successes, self._changed_at = self._limit, 0, _now()

    def refused(self, began: float, retry_after: float | None = None) -> None:
        """The call that began then was answered 429; `retry_after` seconds hold for everybody."""
        now = _now()
        self._answered = True
        self._limit = self._slots - 1.0
        if self._ramping or began >= self._changed_at:
            self._decrease(now, retry_after or 0.0)
        self._limit = max(self._limit, 1.0)
        self._ramping = False
        self._resume_at = max(self._resume_at, now + (retry_after or 0.0))

    def _decrease(self, now: float, pause: float) -> None:
        again = abs(self._limit - self._met_limit) <= max(1.0, self._met_limit / 10)
        self._patience = min(self._patience * 2, _MOST_SUCCESSES) if again else _FEWEST_SUCCESSES
        self._met_limit = self._limit
        self._limit *= _MARGIN
        missed = pause * self._limit / self._mean_seconds if self._mean_seconds else 0.0
        self._wanted_successes, self._successes = max(self._patience, missed / _WORTH_PAUSING), 0
        self._step, self._changed_at = 1.0, now

    @property
    def _slots(self) -> int:
        return round(self._limit)

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            # a slot that was given and cannot be taken goes to the next
            if turn.done() and not turn.cancelled():
                self._in_flight -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        """Gives slots to those who wait, and sees that somebody looks again when the next one is due."""
        now = _now()
        self._ramp(now)
        while self._waiting and self._in_flight < self._slots and now >= self._due:
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_flight += 1
                self._begin_at = max(self._begin_at, now - _LATENESS_SECONDS) + self._gap
                turn.set_result(None)
        self._look_again(now)

    def _ramp(self, now: float) -> None:
        if not self._in_flight:
            self._grow_at = now + self._ramp_step
        elif self._waiting and self._may_grow and now >= self._grow_at and self._in_flight >= self._slots:
            self._limit += 1
            self._grow_at = max(self._grow_at, now - _LONGEST_STEP_SECONDS) + self._ramp_step

    @property
    def _ramp_step(self) -> float:
        return min(_DOUBLING_SECONDS * math.log2(1 + 1 / self._limit), _LONGEST_STEP_SECONDS)

    @property
    def _may_grow(self) -> bool:
        return self._ramping and self._limit < (self._most if self._answered else min(FIRST_LIMIT, self._most))

    @property
    def _due(self) -> float:
        return max(self._resume_at, self._begin_at)

    @property
    def _gap(self) -> float:
        return 0.0 if self._ramping else self._mean_seconds / self._slots / _HASTE

    def _look_again(self, now: float) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            return
        if self._in_flight < self._slots:
            due = self._due
        elif self._may_grow:
            due = max(self._grow_at, self._resume_at)
        else:
            return
        self._timer = asyncio.get_running_loop().call_at(max(due, now), self._wake)


def _now() -> float:
    return asyncio.get_running_loop().time()
