"""The same of what workers ask every second, and of the lists that only ever grow."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from tests.plans.measuring import Recorder, touched
from tests.plans.test_hot_statements import EXECUTIONS_UNTIL_CACHED, PLANNERS_OWN, minute

from touchstone.database.executor import Executor
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.domains.outbox.repository import OutboxRepository
from touchstone.domains.webhooks.delivery_repository import DeliveryRepository

REVIEW = ["USER_ASSIGNED_ARTEFACT_REVIEW"]
# of a few rows at most, which no index would make quicker
TINY = {"audit_head", "webhook", "webhook_attempt", "webhook_secret"}


class Asked(msgspec.Struct, frozen=True):
    """`most` rows may be looked at, `least` must be answered."""

    ask: Callable[[Executor], Awaitable[Any]]
    most: int
    least: int = 1


def audit_page(number: int | None = None, **filters: Any) -> Callable[[Executor], Awaitable[Any]]:
    before = None if number is None else (minute(number), number)
    chosen = {"actor": None, "subject": None, "action": None, "since": None, "until": None, **filters}
    return lambda executor: AuditRepository(executor).list_newest(**chosen, before=before, limit=100)


def deliveries(before: int | None = None) -> Callable[[Executor], Awaitable[Any]]:
    return lambda executor: DeliveryRepository(executor).list_newest(1, status=None, before=before, limit=100)


def notifications(unread_only: bool) -> Callable[[Executor], Awaitable[Any]]:
    return lambda executor: NotificationRepository(executor).list_newest(
        1, REVIEW, unread_only=unread_only, limit=50, offset=0
    )


ASKED = {
    "the newest audit events": Asked(audit_page(), 110, least=100),
    "a late page of audit events": Asked(audit_page(3000), 110, least=100),
    "what somebody changed": Asked(audit_page(actor="user:7"), 210, least=100),
    "what was changed of something": Asked(audit_page(subject="team:7"), 30, least=20),
    "a rare change": Asked(audit_page(action="delete_team"), 50, least=40),
    "what was changed in an hour": Asked(audit_page(since=minute(5000), until=minute(5060)), 70, least=60),
    "links of the chain": Asked(lambda e: AuditRepository(e).list_links(5000, 19990, 100), 210, least=100),
    "events that wait to be handed on": Asked(lambda e: OutboxRepository(e).take_waiting(100), 20, least=10),
    "a user's notifications": Asked(notifications(False), 60, least=50),
    "a user's unread notifications": Asked(notifications(True), 60, least=50),
    "the log of a webhook": Asked(deliveries(), 210, least=100),
    "a late page of the log of a webhook": Asked(deliveries(5000), 210, least=100),
    "deliveries that are due": Asked(lambda e: DeliveryRepository(e).claim_due(8, 4, 60, ()), 100, least=8),
    "old deliveries": Asked(lambda e: DeliveryRepository(e).delete_old(30, 10), 40, least=1),
    "old events": Asked(lambda e: OutboxRepository(e).delete_handled(10), 40, least=1),
}


@pytest.mark.parametrize("name", ASKED)
async def test_reads_about_as_many_rows_as_it_answers(recorder: Recorder, name: str) -> None:
    asked = ASKED[name]
    answer = await asked.ask(recorder)
    assert (len(answer) if isinstance(answer, list) else 1) >= asked.least
    plans = recorder.plans
    assert [plan.scanned - TINY for plan in plans] == [set()] * len(plans)
    assert sum(plan.rows for plan in plans) <= asked.most


@pytest.mark.parametrize("name", ASKED)
async def test_still_does_when_the_plan_is_kept(recorder: Recorder, name: str) -> None:
    asked, transaction = ASKED[name], recorder.transaction
    for _ in range(EXECUTIONS_UNTIL_CACHED):
        await asked.ask(transaction)
    before = await touched(transaction)
    await asked.ask(transaction)
    after = await touched(transaction)
    scanned = {table for table, count in after.sequential_scans.items() if count > before.sequential_scans[table]}
    assert scanned <= TINY
    assert after.rows - before.rows <= asked.most + PLANNERS_OWN


async def test_the_sealer_looks_at_what_waits_and_little_else(recorder: Recorder) -> None:
    """Beside what the seed left, at what came since; the counter of transactions stands below the seed's, as after a
    move to another server, so the chain is brought to here first."""
    audit = AuditRepository(recorder.transaction)
    head = await audit.find_head()
    assert head is not None
    now = await recorder.transaction.fetch_value("select pg_snapshot_xmin(pg_current_snapshot())::text")
    await audit.put_head(head, int(now))
    await recorder.transaction.execute(
        "insert into audit_event (actor, credential, action, subject) values ('user:1', 'none', 'change', 'team:1')"
    )
    found = await AuditRepository(recorder).list_unsealed(1000)
    assert len(found) <= 1
    [plan] = recorder.plans
    assert plan.scanned <= TINY
    assert plan.rows <= 10
