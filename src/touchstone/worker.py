"""What works in the background: the dispatcher, and the sweeping up behind it."""

import asyncio
import contextlib
from typing import Any

import structlog

from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.runner import Runner
from touchstone.assembly import Assembly, assemble
from touchstone.domains.idempotent_requests.repository import IdempotentRequestRepository
from touchstone.errors import Unavailable
from touchstone.settings import Settings

log: Any = structlog.get_logger("touchstone.worker")

SWEEP_SECONDS = 60.0


async def run_worker(
    settings: Settings, stop: asyncio.Event, *, runner: Runner | None = None, store: ObjectStore | None = None
) -> None:
    """Until `stop` is set. Any number of processes may run it on one database."""
    parts = assemble(settings, runner=runner, store=store)
    async with parts.opened():
        async with asyncio.TaskGroup() as group:
            group.create_task(parts.dispatcher().run(stop))
            group.create_task(sweep(parts, stop))


async def sweep(parts: Assembly, stop: asyncio.Event) -> None:
    """Removes what is deleted or expired, now and then."""
    while not stop.is_set():
        try:
            await parts.datasets().purge_deleted()
            await parts.datasets().purge_abandoned()
            await IdempotentRequestRepository(parts.database).delete_expired()
        except Unavailable as error:
            log.warning("the sweep waits for another system", reason=str(error))
        except Exception:
            log.exception("a sweep failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_SECONDS)
