"""The loop that brings jobs to the cluster and follows them. Any number of processes may run it."""

import asyncio
import contextlib
import datetime as dt
import os
import random
import socket
from typing import Any
from uuid import UUID, uuid4

import structlog

from touchstone.adapters.runner import Runner
from touchstone.database.executor import Database
from touchstone.domains.jobs.attempts import Attempts
from touchstone.domains.jobs.model import JobRow
from touchstone.domains.jobs.repository import JobRepository
from touchstone.errors import Unavailable

log: Any = structlog.get_logger("touchstone.dispatcher")

# so long a killed worker keeps its jobs from the others; a step that takes longer may be repeated beside it
LEASE_SECONDS = 15
STEP_SECONDS = 48.0
IDLE_SECONDS = 2.0
LEAST_PAUSE_SECONDS = 0.05
# a job's end is seen late by a small share of the time that it took, but not asked for all the time
LOOK_AGAIN_SHARE = 0.05
SOONEST_LOOK_SECONDS = 0.2
LOOK_AGAIN_SECONDS = 0.5
UNAVAILABLE_SECONDS = 3.0
# after an error of our own: doubled from look to look, and after so many looks in a row, a quarter of an hour, the job
# has failed
BROKEN_SECONDS = 2.0
MOST_BROKEN_SECONDS = 300.0
MOST_BROKEN_LOOKS = 10
LOOKS_AT_ONCE = 32
# two jobs a CPU: drivers ask for none, and mostly wait
SUBMITTED_PER_CPU = 2


class Dispatcher:
    def __init__(self, database: Database, runner: Runner, attempts: Attempts, *, most_submitted: int = 0) -> None:
        """`most_submitted` 0 means: from the number of the cluster's CPUs."""
        self.database = database
        self.runner = runner
        self.attempts = attempts
        self.most_submitted = most_submitted
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self.hint = asyncio.Event()
        self.looks: dict[UUID, asyncio.Task[None]] = {}
        self.is_more_due = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; what is being looked at is finished first."""
        listening = asyncio.create_task(self._listen(stop))
        try:
            while not stop.is_set():
                await self._begin_safely()
                await asyncio.sleep(LEAST_PAUSE_SECONDS)
                await self._pause(stop, IDLE_SECONDS)
        finally:
            listening.cancel()
            await asyncio.gather(listening, *self.looks.values(), return_exceptions=True)

    async def turn(self) -> int:
        """One round over what is due, waited for; answers how many jobs were looked at."""
        begun = await self._begin()
        await asyncio.gather(*self.looks.values())
        return begun

    async def _begin(self) -> int:
        """Begins looks at what is due, as many as there is room for; a slow one keeps no other waiting."""
        room = LOOKS_AT_ONCE - len(self.looks)
        begun = 0
        for claim in (self._claim_created, self._claim_submitted):
            jobs = await claim(room - begun) if room > begun else []
            for job in jobs:
                self._look_at(job)
            begun += len(jobs)
        self.is_more_due = begun >= room
        return begun

    def _look_at(self, job: JobRow) -> None:
        """A job whose look outlasts its lease is claimed again, which is as good as a longer lease."""
        if job.id not in self.looks:
            self.looks[job.id] = asyncio.create_task(self._step(job))
            self.looks[job.id].add_done_callback(lambda _: self._looked_at(job))

    def _looked_at(self, job: JobRow) -> None:
        del self.looks[job.id]
        if self.is_more_due and len(self.looks) <= LOOKS_AT_ONCE // 2:
            self.hint.set()

    async def _claim_created(self, room: int) -> list[JobRow]:
        at_most = self.most_submitted or SUBMITTED_PER_CPU * await self._cpus()
        async with self.database.transaction() as transaction:
            return await JobRepository(transaction).claim_created(self.worker, LEASE_SECONDS, at_most, room)

    async def _claim_submitted(self, room: int) -> list[JobRow]:
        return await JobRepository(self.database).claim_submitted(self.worker, LEASE_SECONDS, room)

    async def _cpus(self) -> int:
        try:
            return await self.runner.cpus()
        except Unavailable:
            return 1

    async def _step(self, job: JobRow) -> None:
        """Never raises: what one job runs into must not hold up the others."""
        look_again, broken_looks = look_again_seconds(job), 0
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await self._look(job)
        except (Unavailable, TimeoutError) as error:
            look_again, broken_looks = UNAVAILABLE_SECONDS * random.uniform(0.8, 1.2), job.broken_looks  # noqa: S311
            log.warning("waiting for another system", job_id=str(job.id), reason=str(error) or "it is slow")
        except Exception:
            look_again, broken_looks = broken_look_seconds(job.broken_looks), job.broken_looks + 1
            log.exception("a job could not be looked at", job_id=str(job.id), looks=broken_looks)
        with contextlib.suppress(Unavailable):  # the lease then ends by itself
            await JobRepository(self.database).release(job.id, self.worker, look_again, broken_looks)
        asyncio.get_running_loop().call_later(look_again, self.hint.set)

    async def _look(self, job: JobRow) -> None:
        try:
            await (self.attempts.submit if job.status == "created" else self.attempts.follow)(job)
        except (Unavailable, TimeoutError):
            raise
        except Exception as error:
            if job.broken_looks + 1 < MOST_BROKEN_LOOKS:
                raise
            log.exception("a job is given up", job_id=str(job.id), looks=job.broken_looks + 1)
            await self.attempts.give_up(job, error)

    async def _begin_safely(self) -> None:
        try:
            await self._begin()
        except Unavailable as error:
            log.warning("waiting for another system", reason=str(error))
        except Exception:
            log.exception("a round of the dispatcher failed")

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Ends early when there is a hint or the stop."""
        waits = [asyncio.create_task(stop.wait()), asyncio.create_task(self.hint.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            self.hint.clear()

    async def _listen(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(Unavailable):
                await self.database.listen("job_waiting", self.hint)
            await asyncio.sleep(IDLE_SECONDS)


def broken_look_seconds(earlier: int) -> float:
    """When to look again at a job that met an error of our own, as in so many looks just before."""
    return min(BROKEN_SECONDS * 2.0 ** min(earlier, 30), MOST_BROKEN_SECONDS)


def look_again_seconds(job: JobRow) -> float:
    """When to look at a job again that is fine as it is."""
    if job.submitted_at is None:
        return SOONEST_LOOK_SECONDS
    seconds = (dt.datetime.now(dt.UTC) - job.submitted_at).total_seconds() * LOOK_AGAIN_SHARE
    return min(max(seconds, SOONEST_LOOK_SECONDS), LOOK_AGAIN_SECONDS)
