"""Which events there are, for whom, and that they stand or fall with what they tell of."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.builders import experiment, inference, upload, workflow
from tests.conftest import replaced
from tests.fakes.runner import FakeRunner
from tests.integration.webhooks.conftest import Add
from tests.people import add_team, add_user, join
from tests.sweeping import sweep
from tests.webhook_receiver import Receiver

from touchstone.adapters.local_store import LocalStore
from touchstone.assembly import Assembly
from touchstone.database.executor import Database, Transaction
from touchstone.domains.belonging.model import Belonging, Visibility
from touchstone.domains.outbox.model import OutboxEvent
from touchstone.domains.outbox.service import Outbox, emit
from touchstone.settings import Settings
from touchstone.worker import run_worker

Work = Callable[[], Awaitable[int]]


@pytest.fixture
def told(database: Database) -> Callable[[str], Awaitable[list[str]]]:
    """Events of a subject, in order."""

    async def read(subject: str) -> list[str]:
        rows = await database.fetch_value(
            "select coalesce(array_agg(event order by id), '{}') from outbox where subject = $1", subject
        )
        return list(rows)

    return read


async def submitted(client: httpx.AsyncClient, **fields: Any) -> str:
    body = {**inference(await upload(client)), **fields}
    return (await client.post("/api/v1/jobs/inference/", json=body)).json()["id"]


async def test_a_job_tells_of_each_of_its_moves(client: httpx.AsyncClient, work: Work, told: Any) -> None:
    job = await submitted(client)
    await work()
    events = await told(f"job:{job}")
    assert events[0] == "job.created"
    assert events[-1] == "job.succeeded"
    assert len(events) == len(set(events))


async def test_cancelling_and_retrying_are_told_once(client: httpx.AsyncClient, told: Any) -> None:
    job = await submitted(client)
    for _ in range(2):
        await client.post(f"/api/v1/jobs/{job}/cancel")
    for _ in range(2):
        await client.post(f"/api/v1/jobs/{job}/retry")
    assert await told(f"job:{job}") == ["job.created", "job.stopped", "job.requeued"]


@pytest.mark.parametrize("name", ["a job", "fail", "noresult", "lost"])
async def test_every_move_of_a_job_is_told_whichever_way_it_goes(
    client: httpx.AsyncClient,
    turn: Work,
    work: Work,
    told: Any,
    database: Database,
    runner: FakeRunner,
    name: str,
) -> None:
    """Held against the events that the job keeps of itself."""
    job = await submitted(client, name=name)
    if name == "lost":
        await turn()
        runner.lose(f"{job}-1")
    await work()
    moves = await database.fetch_value(
        """
        select array_agg('job.' || case when row > 1 and status = 'created' then 'requeued' else status end
            order by row)
        from (
            select data->>'status' as status, row_number() over (order by id) as row from job_event
            where job_id = $1::uuid and kind = 'status'
        ) as moves
        """,
        job,
    )
    assert ("job.requeued" in moves) == (name == "lost")
    assert await told(f"job:{job}") == moves


async def test_a_workflow_tells_of_its_end_and_so_do_its_jobs(
    client: httpx.AsyncClient, work: Work, told: Any, database: Database
) -> None:
    number = await experiment(client, await upload(client))
    flow = (await client.post("/api/v1/workflows/", json=workflow(number))).json()["id"]
    await work()
    assert await told(f"workflow:{flow}") == ["workflow.created", "workflow.succeeded"]
    ended = "select count(*) from outbox where event = 'job.succeeded' and payload->>'workflow_id' = $1"
    assert await database.fetch_value(ended, flow) == 2


async def test_a_workflow_that_is_cancelled_and_retried_says_so(
    client: httpx.AsyncClient, work: Work, told: Any
) -> None:
    number = await experiment(client, await upload(client))
    flow = (await client.post("/api/v1/workflows/", json=workflow(number))).json()["id"]
    for _ in range(2):
        await client.post(f"/api/v1/workflows/{flow}/cancel")
    await work()
    await client.post(f"/api/v1/workflows/{flow}/retry")
    await work()
    events = ["workflow.created", "workflow.failed", "workflow.retried", "workflow.succeeded"]
    assert await told(f"workflow:{flow}") == events


async def test_no_secret_leaves_the_house(client: httpx.AsyncClient, work: Work, database: Database) -> None:
    secret = {"value": "sk-very-secret", "description": "a key"}
    await client.put("/api/v1/settings/secrets/openai_api_key", json=secret)
    config = {"model": "gpt-4o", "provider": "openai", "secret_key_name": "openai_api_key", "system_prompt": "say"}
    await submitted(client, job_config=config)
    await work()
    written = await database.fetch_value("select string_agg(outbox::text, '') from outbox")
    assert "job.created" in written
    assert "very-secret" not in written
    assert "system_prompt" not in written


async def test_an_event_stands_with_its_change(parts: Assembly, told: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        async with parts.database.transaction() as transaction:
            await emit(transaction, "review.approved", "review:1", {})
            raise ZeroDivisionError
    assert await told("review:1") == []


async def test_events_that_are_in_no_list_are_mistakes(parts: Assembly) -> None:
    async with parts.database.transaction() as transaction:
        for event in ("job.exploded", "jobs.failed", "job", "webhook.ping"):
            with pytest.raises(ValueError, match="is not in the list of events"):
                await emit(transaction, event, "job:1", {})


async def test_each_event_is_handed_to_every_subscriber_once(parts: Assembly) -> None:
    seen: dict[str, list[int]] = {"first": [], "second": []}

    def subscriber(name: str) -> Any:
        async def hear(transaction: Transaction, events: list[OutboxEvent]) -> None:
            await asyncio.sleep(0.005)
            seen[name] += [event.id for event in events]

        return hear

    async with parts.database.transaction() as transaction:
        for number in range(250):
            await emit(transaction, "job.failed", f"job:{number}", {})
    boxes = [Outbox(parts.database, [subscriber("first"), subscriber("second")]) for _ in range(3)]
    while sum(await asyncio.gather(*(box.turn() for box in boxes))):
        pass
    for heard in seen.values():
        assert len(heard) == len(set(heard)) == 250


async def test_an_event_waits_until_all_subscribers_have_taken_it(parts: Assembly) -> None:
    calls = 0

    async def fails_once(transaction: Transaction, events: list[OutboxEvent]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError

    async with parts.database.transaction() as transaction:
        await emit(transaction, "job.failed", "job:1", {})
    box = Outbox(parts.database, [fails_once])
    with pytest.raises(RuntimeError):
        await box.turn()
    assert await box.turn() == 1
    assert await box.turn() == 0


async def test_what_is_not_everyones_is_told_only_to_who_may_see_it(
    add: Add, parts: Assembly, database: Database
) -> None:
    hook = await add()
    owner = int(hook["owner"].removeprefix("user:"))
    team, other_team = await add_team(database), await add_team(database)
    await join(database, owner, team)
    stranger = f"user:{await add_user(database)}"

    async def is_told(belonging: Belonging) -> bool:
        async with parts.database.transaction() as transaction:
            await emit(transaction, "job.failed", "job:1", {}, belonging=belonging)
        before = await database.fetch_value("select count(*) from webhook_delivery")
        await parts.outbox().turn()
        return await database.fetch_value("select count(*) from webhook_delivery") > before

    assert await is_told(Belonging(stranger))
    assert await is_told(Belonging(hook["owner"], None, Visibility.PRIVATE))
    assert not await is_told(Belonging(stranger, None, Visibility.PRIVATE))
    assert await is_told(Belonging(stranger, team, Visibility.TEAM))
    assert not await is_told(Belonging(stranger, other_team, Visibility.TEAM))
    await database.execute("update app_user set is_admin = true where id = $1", owner)
    assert await is_told(Belonging(stranger, None, Visibility.PRIVATE))


async def test_old_events_and_deliveries_are_swept_up(add: Add, parts: Assembly, tell: Any, database: Database) -> None:
    hook = await add()
    for _ in range(3):
        await tell()
    old, kept = await database.fetch_value("select array[min(id), max(id)] from webhook_delivery")
    await database.execute(
        "update webhook_delivery set status = 'failed', ended_at = now() - interval '31 days' where id = $1", old
    )
    await database.execute(
        "update webhook_delivery set status = 'failed', ended_at = now() - interval '29 days' where id = $1", kept
    )
    await database.execute(
        "update outbox set handled_at = now() - interval '8 days' where id = (select min(id) from outbox)"
    )
    await database.execute("update webhook_secret set expires_at = now() - interval '1 s'")
    await sweep(parts)
    assert await database.fetch_value("select array[min(id), count(*)] from webhook_delivery") == [old + 1, 2]
    assert await database.fetch_value("select count(*) from outbox") == 2
    assert await database.fetch_value("select count(*) from webhook_secret") == 0
    assert hook["id"]


async def test_what_waits_for_a_disabled_webhook_is_given_up_after_its_day(
    add: Add, parts: Assembly, tell: Any, database: Database
) -> None:
    await add()
    await tell()
    await database.execute("update webhook set is_enabled = false")
    await sweep(parts)
    assert await database.fetch_value("select status from webhook_delivery") == "waiting"
    await database.execute("update webhook_delivery set give_up_at = now() - interval '1 s'")
    await sweep(parts)
    assert await database.fetch_value("select status from webhook_delivery") == "failed"


async def test_a_worker_seals_and_delivers_by_itself(
    add: Add,
    client: httpx.AsyncClient,
    settings: Settings,
    runner: FakeRunner,
    store: LocalStore,
    receiver: Receiver,
    database: Database,
) -> None:
    await add("workflow.succeeded")
    number = await experiment(client, await upload(client))
    flow = (await client.post("/api/v1/workflows/", json=workflow(number))).json()["id"]
    stop = asyncio.Event()
    worker = asyncio.create_task(
        run_worker(replaced(settings, webhook_timeout_seconds=5), stop, runner=runner, store=store)
    )
    try:
        async with asyncio.timeout(30):
            while not receiver.messages or await database.fetch_value(
                "select exists (select from audit_event where id not in (select event_id from audit_seal))"
            ):
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await worker
    assert receiver.messages[0].json["data"]["id"] == flow
