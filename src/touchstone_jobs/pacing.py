"""How many calls an endpoint is asked to bear at once, found out by asking.

Until the first refusal (429) slots are added one by one, ever faster; a call at a time, so that an endpoint which
refuses quickly refuses but one or two. From then on each refusal takes away the slot that it showed to be one too
many, and successes earn slots back: the more often the same limit was met, the more of them it takes.

Where calls are refused although fewer are under way than were borne before, the endpoint limits calls a second
instead, and they are spaced (see spacing.py). To tell the two apart, one call more than were refused at first is tried
once more after a while, at an even distance from the others.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NamedTuple

from touchstone_jobs.spacing import Spacing

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
# the one call more that tells what kind of limit was met comes after so many successes, and so much faster than the
# others: where a rate does not bear that, little of it is missed
_PROBED_AFTER = 1
_PROBED_FASTER = 1.2
# refusals that fewer calls at once than were borne before have met; one may be an accident
_WANTED_CONTRADICTIONS = 2
# what a busy loop is late by is made up for
_LATENESS_SECONDS = 0.01


class Call(NamedTuple):
    """When it began, and how many others were under way."""

    began: float
    others: int


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
        self._spacing = Spacing()
        self._borne, self._contradictions = -1, 0
        self._refused_with = 0
        # who began meanwhile counted the refused among those under way
        self._refusals = deque[tuple[float, float]](maxlen=64)
        self._probes_left = 1
        self._is_probing = False
        self._waiting: deque[asyncio.Future[Call]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def limit(self) -> float:
        return self._limit

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[Call]:
        """Waits for a slot; gives the call, which `succeeded` and `refused` ask for."""
        call = await self._turn()
        try:
            yield call
        finally:
            self._in_flight -= 1
            self._wake()

    def succeeded(self, call: Call) -> None:
        """It went well, and has ended now."""
        self._answered = True
        seconds = _now() - call.began
        self._mean_seconds += (seconds - self._mean_seconds) * (0.1 if self._mean_seconds else 1.0)
        if self._spacing.is_on:
            return
        is_certain = not any(began <= call.began <= ended for began, ended in self._refusals)
        if is_certain:
            self._borne = max(self._borne, call.others)
        if self._ramping or call.began < self._changed_at:
            return
        if self._is_probing and is_certain and call.others >= self._refused_with:
            self._keep_distance()
        else:
            self._earn()

    def _earn(self) -> None:
        """Only calls that began under the limit of now tell something about it."""
        self._successes += 1
        if self._probes_left and self._successes >= _PROBED_AFTER:
            self._probes_left -= 1
            self._is_probing = True
            return
        if self._is_probing:
            self._is_probing = self._successes <= 2 * self._refused_with + 2
        if self._successes < self._wanted_successes or self._is_probing:
            return
        self._limit = min(self._limit + self._step, self._most)
        self._step = min(self._step * 2, max(1.0, self._limit / 8))
        self._wanted_successes, self._successes, self._changed_at = self._limit, 0, _now()

    def refused(self, call: Call, retry_after: float | None = None) -> None:
        """It was answered 429; `retry_after` seconds hold for everybody."""
        now, pause = _now(), retry_after or 0.0
        self._answered = True
        self._refusals.append((call.began, now))
        self._resume_at = max(self._resume_at, now + pause)
        if self._spacing.is_on:
            if call.began >= self._spacing.changed_at:
                self._space_more(call, now, pause)
            return
        is_news = self._ramping or call.began >= self._changed_at
        if is_news and self._contradicts(call):
            self._keep_distance()
            self._space_more(call, now, pause)
        else:
            self._take_away(call, now, pause, is_news)

    def _space_more(self, call: Call, now: float, pause: float) -> None:
        self._spacing.refused(call.began, now, pause)
        self._begin_at = max(self._begin_at, call.began + self._spacing.interval)

    def _contradicts(self, call: Call) -> bool:
        """Whether no number of calls at once explains what was refused."""
        self._contradictions = self._contradictions + 1 if call.others < self._borne - 1 else 0
        return call.others == 0 or self._contradictions >= _WANTED_CONTRADICTIONS

    def _take_away(self, call: Call, now: float, pause: float, is_news: bool) -> None:
        self._limit = self._slots - 1.0
        if is_news:
            self._spacing.emptied(call.began, pause)
            self._refused_with = call.others
            self._decrease(now, pause)
        self._limit = max(self._limit, 1.0)
        self._ramping = self._is_probing = False

    def _keep_distance(self) -> None:
        """Calls are spaced from now on, as far as they are now; how many are under way is no longer limited."""
        mean = self._mean_seconds or 0.1
        self._spacing.keep(mean / self._slots, _now())
        self._limit, self._ramping, self._is_probing = float(self._most), False, False

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
        return min(self._refused_with + 1, self._most) if self._is_probing else round(self._limit)

    async def _turn(self) -> Call:
        turn: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake()
        try:
            return await turn
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
                self._spacing.begins(now)
                self._begin_at = self._next_begin(now)
                turn.set_result(Call(now, self._in_flight - 1))
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

    def _next_begin(self, now: float) -> float:
        if self._spacing.is_on:
            return now + self._spacing.interval
        if self._is_probing:
            return now + self._mean_seconds / self._refused_with / _PROBED_FASTER
        return max(self._begin_at, now - _LATENESS_SECONDS) + self._gap

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
