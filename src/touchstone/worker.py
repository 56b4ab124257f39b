"""What works in the background: the dispatchers, the sealer of the audit, and the sweeping up behind them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.runner import Runner
from touchstone.assembly import Assembly, assemble
from touchstone.domains.audit_events.service import SEALED_AT_ONCE
from touchstone.domains.auth.session_repository import SessionRepository
from touchstone.domains.auth.sign_on_repository import SignOnRepository
from touchstone.domains.idempotent_requests.repository import IdempotentRequestRepository
from touchstone.domains.limits.repository import RateAllowanceRepository
from touchstone.domains.outbox.repository import OutboxRepository
from touchstone.domains.outbox.service import HANDED_AT_ONCE
from touchstone.domains.webhooks.delivery_repository import DeliveryRepository
from touchstone.domains.webhooks.repository import WebhookRepository
from touchstone.errors import Unavailable
from touchstone.settings import Settings

log: Any = structlog.get_logger("touchstone.worker")

SWEEP_SECONDS = 60.0
SEAL_SECONDS = 0.5
OUTBOX_SECONDS = 1.0
# a sweep that finds more leaves it to the next
BATCHES_A_SWEEP = 20
BATCH = 1000


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
            group.create_task(repeat(lambda: sweep(parts), 1, SWEEP_SECONDS, stop))


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


async def sweep(parts: Assembly) -> int:
    """Removes what is deleted or expired. Answers 0: what it left waits for the next sweep."""
    database, kept_days = parts.database, parts.settings.webhook_log_days
    deliveries = DeliveryRepository(database)
    await IdempotentRequestRepository(database).delete_expired()
    await in_batches(SessionRepository(database).delete_expired)
    await in_batches(SignOnRepository(database).delete_expired)
    await in_batches(SignOnRepository(database).delete_seen)
    await in_batches(WebhookRepository(database).delete_expired_secrets)
    await in_batches(deliveries.give_up_expired)
    await in_batches(lambda at_most: deliveries.delete_old(kept_days, at_most))
    await in_batches(OutboxRepository(database).delete_handled)
    await in_batches(RateAllowanceRepository(database).delete_unused)
    await parts.datasets().purge_deleted()  # last: these need the object store, too
    await parts.datasets().purge_abandoned()
    return 0


async def in_batches(delete: Callable[[int], Awaitable[int]]) -> None:
    for _ in range(BATCHES_A_SWEEP):
        if await delete(BATCH) < BATCH:
            return
