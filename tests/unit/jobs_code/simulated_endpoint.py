"""An endpoint with a hidden limit, in virtual time, and callers who know nothing of it."""

import asyncio
import random
from typing import Any, NamedTuple

from tests.unit.jobs_code.virtual_time import in_virtual_time

from touchstone_jobs.chat import Chat, by_callers
from touchstone_jobs.completions import CallFailed, Endpoint

ANSWER = b'{"choices":[{"message":{"content":"x"}}]}'


class Nature(NamedTuple):
    """`most` calls at once, `rate` of them begun a second; None: as you like.

    A rate is that of a bucket: it is full after a pause and holds `burst` calls, by default one second's worth; with
    1, each call must keep its distance from the one before (a leaky bucket). With `queue` a call that comes too soon
    waits its turn, and is refused where so many wait already.

    `spread` is how much the length of calls varies (the logarithm's deviation), `refusal_seconds` how long a refusal
    takes, `retry_after` what it says.
    """

    most: int | None = None
    rate: float | None = None
    burst: float | None = None
    queue: int | None = None
    seconds: float = 0.5
    spread: float = 0.0
    refusal_seconds: float = 0.005
    retry_after: str | None = None


class SimulatedEndpoint:
    """`ended` are the times at which calls ended well, `refusals` those at which one was refused."""

    def __init__(self, nature: Nature) -> None:
        self.nature = nature
        self.ended: list[float] = []
        self.refusals: list[float] = []
        self._in_flight = 0
        self._tokens = self._burst = nature.burst or nature.rate or 0.0
        self._turn_at = 0.0
        self._filled_at = 0.0
        self._random = random.Random(1)

    async def post(self, _: bytes) -> tuple[int, dict[str, str], bytes]:
        if not self._takes_one_more():
            self.refusals.append(_now())
            await asyncio.sleep(self.nature.refusal_seconds)
            return 429, {"Retry-After": self.nature.retry_after} if self.nature.retry_after else {}, b"{}"
        self._in_flight += 1
        try:
            await asyncio.sleep(max(0.0, self._turn_at - _now()))
            deviation = self.nature.spread
            await asyncio.sleep(self.nature.seconds * self._random.lognormvariate(-(deviation**2) / 2, deviation))
        finally:
            self._in_flight -= 1
        self.ended.append(_now())
        return 200, {}, ANSWER

    def _takes_one_more(self) -> bool:
        if self.nature.most is not None and self._in_flight >= self.nature.most:
            return False
        if self.nature.rate is None:
            return True
        if self.nature.queue is not None:
            return self._queues_one_more(self.nature.rate, self.nature.queue)
        self._tokens += (_now() - self._filled_at) * self.nature.rate
        self._tokens, self._filled_at = min(self._tokens, self._burst), _now()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _queues_one_more(self, rate: float, most: int) -> bool:
        if self._turn_at - _now() > most / rate:
            return False
        self._turn_at = max(self._turn_at, _now()) + 1 / rate
        return True

    def done(self, since: float, until: float) -> float:
        """Calls a second."""
        return sum(since <= time < until for time in self.ended) / (until - since)

    def refused_share(self, until: float) -> float:
        refused, well = (sum(time < until for time in times) for times in (self.refusals, self.ended))
        return refused / (refused + well)


def asked(nature: Nature, *, callers: int = 64, seconds: float = 10.0) -> SimulatedEndpoint:
    """Callers ask for so long, then finish what they have begun."""
    endpoint = SimulatedEndpoint(nature)
    random.seed(1)  # of the callers' jitter
    in_virtual_time(_ask(endpoint, callers, seconds))
    return endpoint


async def _ask(endpoint: SimulatedEndpoint, callers: int, seconds: float) -> None:
    async with Chat(Endpoint("p", "http://host/v1", "m"), callers) as chat:
        replaced: Any = chat
        replaced._post = endpoint.post

        async def caller() -> None:
            while _now() < seconds:
                try:
                    await chat.complete([{"role": "user", "content": "x"}], {})
                except CallFailed:
                    return

        await by_callers(callers, caller)


def _now() -> float:
    return asyncio.get_running_loop().time()
