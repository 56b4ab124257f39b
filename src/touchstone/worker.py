"""What works in the background: the dispatchers, the sealer of the audit, and what is done again and again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.runner import Runner
from touchstone.assembly import assemble
from touchstone.domains.audit_events.service import SEALED_AT_ONCE
from touchstone.domains.outbox.service import HANDED_AT_ONCE
from touchstone.domains.periodic_work.dispatcher import PeriodicDispatcher
from touchstone.errors import Unavailable
from touchstone.periodic_tasks import periodic_tasks
from touchstone.settings import Settings

log: Any = structlog.get_logger("touchstone.worker")

SEAL_SECONDS = 0.5
OUTBOX_SECONDS = 1.0


async def run_worker(
    settings: Settings, stop: asyncio.Event, *, runner: Runner | None = None, store: ObjectStore | None = None
) -> None:
    """Until `stop` is set. Any number of processes may run it on one database."""
    parts = assemble(settings, runner=runner, store=store)
    async with parts.opened():
        async with asyncio.TaskGroup() as group:
            group.create_task(parts.dispatcher().run(stop))
            group.create_task(parts.webhook_dispatcher().run(stop))
            group.create_task(repeat(parts.audit_chain().turn, SEALED_AT_ONCE, SEAL_SECONDS, stop))
            group.create_task(repeat(parts.outbox().turn, HANDED_AT_ONCE, OUTBOX_SECONDS, stop))
            group.create_task(PeriodicDispatcher(parts.database, periodic_tasks(parts)).run(stop))


async def repeat(turn: Callable[[], Awaitable[int]], most: int, pause_seconds: float, stop: asyncio.Event) -> None:
    """Takes turns until `stop` is set, without a pause while they do as much as one may; outlives their failures."""
    while not stop.is_set():
        done = 0
        try:
            done = await turn()
        except Unavailable as error:
            log.warning("waiting for another system", reason=str(error))
        except Exception:
            log.exception("a turn failed")
        if done < most:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_seconds)
