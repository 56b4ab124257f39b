"""How far apart calls are begun, where an endpoint limits calls a second: how many it takes is found out by asking.

A limit of calls a second is a bucket that fills at that rate; a call is refused where it is empty. So from one refusal
to the next no more was accepted than has run in, which tells the rate. Before that, calls are begun ever faster.
"""

import math
from collections import deque

# while no rate is known it doubles in that time, but changes by no more than that from call to call
_DOUBLING_SECONDS = 1.0
_GREATEST_STEP = 0.8
# after a call that was refused although hardly any had been accepted: where nothing is known, and for each such refusal
# in a row where something is
_BACK_OFF = 4.0
_CORRECTION = 1.5
# what is told by fewer calls is an accident
_TELLING_CALLS = 3
_LARGEST_CORRECTION = 1.15
# below the rate just found
_MARGIN = 1.02
# calls before more than the rate just found is tried: at first, where it was found again and again, and at least so
# many times as long as each try makes everybody pause
_FEWEST_CALLS, _MOST_CALLS = 25, 400
_WORTH_PAUSING = 20.0
_STEP, _LARGEST_STEP, _CALLS_A_STEP = 0.03, 0.1, 8
_LONGEST_SECONDS = 120.0


class Spacing:
    """`interval` is the least time between the beginnings of two calls, in seconds; 0 before `keep`."""

    def __init__(self) -> None:
        self.interval = 0.0
        self.changed_at = -math.inf
        self._is_rate_known = False
        self._first_began, self._begun_in_all = math.inf, 0
        self._emptied_at, self._begun_since, self._paused = -math.inf, 0, 0.0
        self._last = deque[float](maxlen=8)
        self._too_soon = 0
        self._step, self._calls, self._wanted, self._patience = _STEP, 0, 0, _FEWEST_CALLS
        self._met = math.inf

    @property
    def is_on(self) -> bool:
        return self.interval > 0

    def keep(self, interval: float, now: float) -> None:
        """From now on calls keep a distance, at first this one."""
        self.interval, self.changed_at = interval, now

    def begins(self, now: float) -> None:
        """Tell of every call, also before `keep`."""
        self._last.append(now)
        self._first_began = min(self._first_began, now)
        self._begun_in_all += 1
        self._begun_since += 1
        if self.is_on and self._is_rate_known:
            self._earn()
        elif self.is_on:
            self.interval *= max(2.0 ** (-self.interval / _DOUBLING_SECONDS), _GREATEST_STEP)

    def _earn(self) -> None:
        self._calls += 1
        if self._calls >= self._wanted:
            self.interval /= 1 + self._step
            self._step = min(self._step * 1.25, _LARGEST_STEP)
            self._calls, self._wanted = 0, _CALLS_A_STEP

    def emptied(self, began: float, pause: float) -> None:
        """Nothing was left of the endpoint's bucket when that call began, which was refused; a pause follows."""
        self._forget(began)
        self._emptied_at, self._begun_since, self._paused = began, 0, pause
        self._first_began += pause

    def refused(self, began: float, now: float, pause: float) -> None:
        """Tell of the first one begun since the interval changed. The endpoint wants nothing for `pause` seconds."""
        self._forget(began)
        wanted = pause * _WORTH_PAUSING if self._is_rate_known else 0.0
        # after the pause there is room for one call at least
        longest = max(pause, self.interval) if pause else _LONGEST_SECONDS
        self.interval = min(self._interval_found(began), longest)
        again = abs(self.interval / self._met - 1) < 0.1
        self._patience = min(self._patience * 2, _MOST_CALLS) if again else _FEWEST_CALLS
        self._wanted = max(self._patience, round(wanted / self.interval))
        self._met, self._step, self._calls, self.changed_at = self.interval, _STEP, 0, now
        if self._too_soon:  # that was a guess
            self._step, self._wanted = _LARGEST_STEP, _CALLS_A_STEP
        self._emptied_at, self._begun_since, self._paused = began, 0, pause
        self._first_began += pause

    def _interval_found(self, now: float) -> float:
        self._too_soon = self._too_soon + 1 if self._begun_since < _TELLING_CALLS else 0
        if self._too_soon and self._is_rate_known:
            return self.interval * _CORRECTION**self._too_soon
        if self._too_soon:
            return self._first_guess(now)
        # a large bucket fills in the pause, too, a small one does not
        since_empty = now - self._emptied_at
        found = math.sqrt(since_empty * max(since_empty - self._paused, 0.0)) / self._begun_since
        if not self._is_rate_known:
            found, self._is_rate_known = self._last[-1] - self._last[-2], True
        return min(max(found, self.interval), _LARGEST_CORRECTION * self.interval) * _MARGIN

    def _first_guess(self, now: float) -> float:
        if self._begun_in_all < _TELLING_CALLS:
            return self.interval * _BACK_OFF
        self._is_rate_known = True
        return max(self.interval * _CORRECTION, (now - self._first_began) / self._begun_in_all)

    def _forget(self, began: float) -> None:
        if began in self._last:
            self._last.remove(began)
        self._begun_since -= 1
        self._begun_in_all -= 1
