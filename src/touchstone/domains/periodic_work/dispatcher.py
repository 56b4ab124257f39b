"""Does what is due. Any number of processes may run it; a lease keeps two from doing one thing at once."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import structlog

from touchstone.database.executor import Database
from touchstone.domains.periodic_work.model import LONGEST_ERROR, ClaimedRun, Outcome, PeriodicTask, plain_detail
from touchstone.domains.periodic_work.repository import REGISTERED_SECONDS, PeriodicWorkRepository
from touchstone.errors import Failure, Unavailable

log: Any = structlog.get_logger("touchstone.periodic_work")

# so long a killed worker keeps its work from the others
LEASE_SECONDS = 60.0
POLL_SECONDS = 1.0
MOST_AT_ONCE = 4
# what runs when the worker stops may end within this; the rest is given up, for another worker to begin anew
STOP_SECONDS = 10.0
AGAIN_SECONDS = 1.0
LOST = "its worker did not renew its lease"
GIVEN_UP = "its worker was stopped"


class End(NamedTuple):
    outcome: Outcome
    detail: Any = None
    error: str | None = None


class PeriodicDispatcher:
    def __init__(
        self, database: Database, tasks: Sequence[PeriodicTask], *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        """Raises ValueError for two tasks of one name."""
        self.works = PeriodicWorkRepository(database)
        self.tasks = {task.name: task for task in tasks}
        if len(self.tasks) < len(tasks):
            raise ValueError("two periodic tasks have one name")
        self.lease_seconds = lease_seconds
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self.running: dict[str, asyncio.Task[None]] = {}
        self._told_at: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        try:
            while not stop.is_set():
                await self._begin_safely()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_SECONDS)
            if self.running:
                await asyncio.wait(self.running.values(), timeout=STOP_SECONDS)
        finally:
            left = list(self.running.values())
            for run in left:
                run.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def turn(self) -> int:
        """Does what is due to its end, and answers how many runs that were."""
        begun = await self.begin_due()
        await asyncio.gather(*self.running.values())
        return begun

    async def begin_due(self) -> int:
        """Begins what is due and there is room for; answers how many runs."""
        await self._tell()
        free = [task.name for task in self.tasks.values() if task.enabled and task.name not in self.running]
        room = MOST_AT_ONCE - len(self.running)
        if not free or room <= 0:
            return 0
        claimed_at = time.monotonic()
        claimed = await self.works.claim_due(f"{self.worker}:{uuid4().hex[:8]}", free, room, self.lease_seconds)
        for run in claimed:
            self.running[run.name] = asyncio.create_task(self._run_safely(run, claimed_at), name=run.name)
        return len(claimed)

    async def _begin_safely(self) -> None:
        try:
            await self.begin_due()
        except Unavailable as error:
            log.warning("waiting for another system", reason=str(error))
        except Exception:
            log.exception("periodic work could not be begun")

    async def _tell(self) -> None:
        """Now and then: what this worker does, and whose leases are over."""
        now = time.monotonic()
        if self._told_at is not None and now - self._told_at < min(REGISTERED_SECONDS, self.lease_seconds) / 3:
            return
        if self._told_at is None:
            await self.works.register(list(self.tasks.values()))
        else:
            await self.works.note_registered(list(self.tasks))
        for name in await self.works.take_over_lost(LOST):
            log.warning("a run was lost", work=name)
        self._told_at = now

    async def _run_safely(self, run: ClaimedRun, claimed_at: float) -> None:
        """Never raises: the lease ends by itself, and somebody does it again."""
        try:
            await self._run(run, claimed_at)
        except Exception:
            log.exception("a run could not be recorded", work=run.name)
        finally:
            del self.running[run.name]

    async def _run(self, run: ClaimedRun, claimed_at: float) -> None:
        working = asyncio.create_task(end_of(self.tasks[run.name]))
        lease = asyncio.create_task(self._keep(run, claimed_at))
        try:
            await asyncio.wait({working, lease}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                await self._finish(run, working.result())
            else:
                log.warning("the lease of a run was lost", work=run.name)
        except asyncio.CancelledError:
            await _cancelled(working)
            await self._finish(run, End("lost", error=GIVEN_UP))
            raise
        finally:
            await _cancelled(working)
            await _cancelled(lease)

    async def _keep(self, run: ClaimedRun, claimed_at: float) -> None:
        """Returns when the lease is somebody else's, or may soon be."""
        leased_until = claimed_at + self.lease_seconds
        while True:
            await asyncio.sleep(self.lease_seconds / 4)
            asked_at = time.monotonic()
            try:
                if not await self.works.renew_if_leased(run, self.lease_seconds):
                    return
            except Unavailable:
                if time.monotonic() > leased_until - self.lease_seconds / 4:
                    return
            else:
                leased_until = asked_at + self.lease_seconds

    async def _finish(self, run: ClaimedRun, end: End) -> None:
        """As often as it takes, while nobody else can have taken the run over."""
        tried_until = time.monotonic() + self.lease_seconds / 2
        while True:
            try:
                await self.works.finish_if_leased(run, end.outcome, detail=end.detail, error=end.error)
            except Unavailable:
                if time.monotonic() > tried_until:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return


async def end_of(task: PeriodicTask) -> End:
    """What came of doing it; raises nothing but the cancellation."""
    limit = asyncio.timeout(task.at_most_seconds)
    try:
        async with limit:
            return End("succeeded", plain_detail(await task.work()))
    except Failure as error:
        log.warning("periodic work failed", work=task.name, reason=str(error))
        return End("failed", error=str(error).replace("\0", "")[:LONGEST_ERROR])
    except Exception as error:
        if isinstance(error, TimeoutError) and limit.expired():
            return End("failed", error=f"it took longer than {task.at_most_seconds:g} s")
        log.exception("periodic work failed", work=task.name)
        return End("failed", error=f"{type(error).__name__}; the worker's log says more")


async def _cancelled(task: "asyncio.Task[Any]") -> None:
    """Waits for its end, whatever that is."""
    task.cancel()
    await asyncio.wait({task})
