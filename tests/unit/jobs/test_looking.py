"""How soon the dispatcher looks at a job again."""

import asyncio
import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from touchstone.domains.jobs import dispatcher as module
from touchstone.domains.jobs.dispatcher import (
    MOST_BROKEN_LOOKS,
    Dispatcher,
    broken_look_seconds,
    look_again_seconds,
)


class Job:
    def __init__(self, *, seconds_ago: float | None) -> None:
        now = dt.datetime.now(dt.UTC)
        self.id = uuid4()
        self.status = "running"
        self.submitted_at = None if seconds_ago is None else now - dt.timedelta(seconds=seconds_ago)


@pytest.mark.parametrize(("age", "seconds"), [(None, 0.2), (0, 0.2), (2, 0.2), (6, 0.3), (10, 0.5), (3600, 0.5)])
def test_a_young_job_is_looked_at_sooner_than_an_old_one(age, seconds):
    job: Any = Job(seconds_ago=age)
    assert look_again_seconds(job) == pytest.approx(seconds, abs=0.02)


def test_a_clock_that_is_behind_the_databases_does_no_harm():
    job: Any = Job(seconds_ago=-30)
    assert look_again_seconds(job) == 0.2


async def test_a_worker_at_rest_wakes_when_a_job_is_due_again(monkeypatch):
    """The rest between rounds is an hour; what is followed is still looked at again and again."""
    monkeypatch.setattr(module, "IDLE_SECONDS", 3600.0)
    monkeypatch.setattr(module, "SOONEST_LOOK_SECONDS", 0.01)
    looks, stop, job = 0, asyncio.Event(), Job(seconds_ago=0)

    class Followed(Dispatcher):
        async def _begin(self) -> int:
            self._look_at(job)
            return 1

        async def _listen(self, stop: asyncio.Event) -> None:
            await stop.wait()

    class Attempts:
        async def follow(self, _: object) -> None:
            nonlocal looks
            looks += 1
            if looks == 3:
                stop.set()

    class Database:
        async def execute(self, *_: object) -> int:
            return 1

    database, runner, attempts = Database(), object(), Attempts()
    async with asyncio.timeout(10):
        await Followed(database, runner, attempts).run(stop)  # type: ignore[arg-type]
    assert looks >= 3


def test_looks_that_meet_an_error_of_ours_end_within_a_quarter_of_an_hour():
    waits = [broken_look_seconds(earlier) for earlier in range(MOST_BROKEN_LOOKS - 1)]
    assert waits == sorted(waits)
    assert waits[0] == 2.0
    assert 300 < sum(waits) < 900
