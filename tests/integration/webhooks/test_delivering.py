"""From an event to a receiver: signed, tried again, never twice at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.integration.webhooks.conftest import WEBHOOKS, Add, dispatching
from tests.people import add_user, as_user
from tests.webhook_receiver import Receiver, endless, in_turn, receiving, silent, status, verified

from touchstone.adapters.vault import Vault
from touchstone.adapters.webhook_sender import Sent
from touchstone.assembly import Assembly
from touchstone.database.executor import Database
from touchstone.domains.webhooks.delivery_repository import DeliveryRepository
from touchstone.domains.webhooks.dispatcher import WebhookDispatcher
from touchstone.environment_file import new_secret_key

Tell = Callable[..., Awaitable[None]]
Deliver = Callable[[], Awaitable[int]]


@pytest.fixture
def log(manager: httpx.AsyncClient) -> Callable[[int], Awaitable[list[dict[str, Any]]]]:
    """The deliveries of a webhook, newest first."""

    async def read(webhook_id: int) -> list[dict[str, Any]]:
        return (await manager.get(f"{WEBHOOKS}/{webhook_id}/deliveries")).json()["items"]

    return read


async def test_a_message_is_signed_and_tells_the_event(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver
) -> None:
    hook = await add("job.failed")
    await tell("job.failed", name="grün")
    assert await deliver() == 1
    [message] = receiver.messages
    assert verified(hook["secret"], message.headers, message.body, now=time.time())
    assert message.headers["content-type"] == "application/json"
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert message.target == "/hook?token=only-for-two"
    assert message.id.startswith("msg_")
    assert message.json["type"] == "job.failed"
    assert message.json["data"] == {"name": "grün"}
    assert message.json["timestamp"].endswith("Z")


async def test_webhooks_get_the_events_that_they_want(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver
) -> None:
    for pattern in ("job.failed", "job.*", "*", "workflow.*", "execution.*"):
        await add(pattern)
    await tell("job.failed")
    assert await deliver() == 3
    await tell("job.created")
    assert await deliver() == 2
    await tell("execution.ended")
    assert await deliver() == 2
    assert len({message.id for message in receiver.messages}) == 7


async def test_a_disabled_webhook_gets_nothing(
    add: Add, tell: Tell, deliver: Deliver, manager: httpx.AsyncClient, receiver: Receiver
) -> None:
    hook = await add()
    await tell()
    await manager.patch(f"{WEBHOOKS}/{hook['id']}", json={"is_enabled": False})
    await tell()
    assert await deliver() == 0
    await manager.patch(f"{WEBHOOKS}/{hook['id']}", json={"is_enabled": True})
    assert await deliver() == 1  # what waited when it was disabled goes on
    assert len(receiver.messages) == 1


@pytest.mark.parametrize(
    "failure", [status(500), status(404), status(302, "location: /elsewhere"), silent(), endless(503)]
)
async def test_a_failed_message_is_sent_again_as_it_was(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, log: Any, failure: Any
) -> None:
    hook = await add()
    receiver.answer = in_turn(failure, status(200))
    await tell()
    await deliver()
    [delivery] = await log(hook["id"])
    assert (delivery["status"], delivery["attempts"]) == ("waiting", 1)
    assert (delivery["last_status"] is None) != (delivery["last_error"] is None)
    await deliver()
    [delivery] = await log(hook["id"])
    assert (delivery["status"], delivery["attempts"], delivery["last_status"]) == ("delivered", 2, 200)
    first, second = receiver.messages
    assert (first.id, first.body, first.target) == (second.id, second.body, second.target)
    assert await deliver() == 0


async def test_a_redirect_is_not_followed(add: Add, tell: Tell, deliver: Deliver, receiver: Receiver) -> None:
    async with receiving() as elsewhere:
        await add()
        receiver.answer = status(307, f"location: {elsewhere.url}")
        await tell()
        await deliver()
        assert elsewhere.messages == []


async def test_a_body_that_never_ends_is_not_read(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, log: Any
) -> None:
    hook = await add()
    receiver.answer = endless(200)
    await tell()
    await deliver()
    assert (await log(hook["id"]))[0]["status"] == "delivered"


async def test_a_receiver_that_is_away_is_tried_again(add: Add, tell: Tell, deliver: Deliver, log: Any) -> None:
    hook = await add(url="http://127.0.0.1:1/")
    await tell()
    await deliver()
    [delivery] = await log(hook["id"])
    assert (delivery["status"], delivery["last_status"]) == ("waiting", None)
    assert "ConnectError" in delivery["last_error"]


async def test_the_next_attempt_waits_longer_each_time(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, database: Database
) -> None:
    await add()
    receiver.answer = status(500)
    await tell()
    waits: list[float] = []
    for _ in range(4):
        await deliver()
        wait = "select extract(epoch from next_attempt_at - now())::float8 from webhook_delivery"
        waits.append(await database.fetch_value(wait))
    assert waits == sorted(waits)
    assert 3 < waits[0] <= 6
    assert 90 < waits[3] <= 162


async def test_a_receiver_may_ask_for_more_time(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, database: Database
) -> None:
    await add()
    receiver.answer = status(429, "retry-after: 600")
    await tell()
    await deliver()
    wait = await database.fetch_value(
        "select extract(epoch from next_attempt_at - now())::float8 from webhook_delivery"
    )
    assert 500 < wait <= 600


async def test_after_a_day_a_message_is_given_up_and_its_webhook_disabled(
    add: Add,
    tell: Tell,
    deliver: Deliver,
    receiver: Receiver,
    database: Database,
    manager: httpx.AsyncClient,
    log: Any,
) -> None:
    admin = await add_user(database, is_admin=True)
    hook = await add()
    receiver.answer = status(500)
    await tell()
    await deliver()
    assert (await manager.get(f"{WEBHOOKS}/{hook['id']}")).json()["failing_since"] is not None
    await database.execute("update webhook set failing_since = failing_since - interval '1 day'")
    await database.execute("update webhook_delivery set give_up_at = now()")
    await deliver()
    [delivery] = await log(hook["id"])
    assert (delivery["status"], delivery["next_attempt_at"]) == ("failed", None)
    found = (await manager.get(f"{WEBHOOKS}/{hook['id']}")).json()
    assert (found["is_enabled"], found["disabled_reason"]) == (False, "All deliveries have failed for a day.")
    told = await database.fetch_value("select array_agg(user_id order by user_id) from notification")
    assert told == sorted([admin, int(hook["owner"].removeprefix("user:"))])
    kinds = await database.fetch_value("select array_agg(distinct notification_type) from notification")
    assert kinds == ["WEBHOOK_DISABLED"]
    actor = "select actor from audit_event where action = 'disable_webhook'"
    assert await database.fetch_value(actor) == "touchstone"
    enabled = (await manager.patch(f"{WEBHOOKS}/{hook['id']}", json={"is_enabled": True})).json()
    assert (enabled["failing_since"], enabled["disabled_reason"]) == (None, None)


async def test_a_success_ends_the_count_of_failures(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, manager: httpx.AsyncClient
) -> None:
    hook = await add()
    receiver.answer = in_turn(status(500), status(200))
    await tell()
    await deliver()
    await deliver()
    assert (await manager.get(f"{WEBHOOKS}/{hook['id']}")).json()["failing_since"] is None


async def test_410_disables_at_once(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, manager: httpx.AsyncClient, database: Database
) -> None:
    hook = await add()
    receiver.answer = status(410)
    await tell()
    await deliver()
    found = (await manager.get(f"{WEBHOOKS}/{hook['id']}")).json()
    assert (found["is_enabled"], found["disabled_reason"]) == (False, "The receiver answered 410 Gone.")
    assert await database.fetch_value("select count(*) from notification") == 1


async def test_several_workers_send_each_message_once(
    add: Add, tell: Tell, receiver: Receiver, parts: Assembly, database: Database
) -> None:
    await add()

    async def slow(writer: asyncio.StreamWriter, number: int) -> None:
        await asyncio.sleep(0.005)
        await status(200)(writer, number)

    receiver.answer = slow
    for _ in range(40):
        await tell()
    workers = [dispatching(parts, timeout_seconds=5) for _ in range(3)]

    async def work(worker: WebhookDispatcher) -> None:
        while await database.fetch_value("select exists (select from webhook_delivery where status = 'waiting')"):
            await worker.turn()
            await asyncio.sleep(0.002)

    async with asyncio.timeout(30):
        await asyncio.gather(*(work(worker) for worker in workers))
    await asyncio.gather(*(worker.sender.close() for worker in workers))
    assert len(receiver.messages) == 40
    assert len({message.id for message in receiver.messages}) == 40
    assert await database.fetch_value("select max(attempts) from webhook_delivery") == 1


async def test_a_slow_webhook_holds_up_no_other(add: Add, tell: Tell, receiver: Receiver, parts: Assembly) -> None:
    async with receiving() as slow:
        slow.answer = silent()
        await add(url=slow.url)
        for _ in range(40):
            await tell()
        await add()
        await tell()
        worker = dispatching(parts, timeout_seconds=5)
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        async with asyncio.timeout(4):
            while not receiver.messages:
                await asyncio.sleep(0.01)
        assert slow.most_at_once <= 4
        slow.answer = status(200)
        stop.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_message_whose_worker_died_is_sent_again_under_its_id(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, database: Database
) -> None:
    await add()
    await tell()
    deliveries = DeliveryRepository(database)
    [lost] = await deliveries.claim_due(1, 1, 60, ())
    assert await deliver() == 0  # its lease holds
    await database.execute("update webhook_delivery set leased_until = now() - interval '1 s'")
    assert await deliver() == 1
    assert [message.id for message in receiver.messages] == [lost.message_id]
    # what the dead one says when it wakes up changes nothing
    assert not await deliveries.end_if_leased(lost, Sent(duration_ms=1, status=200))
    assert await deliveries.retry_if_leased(lost, Sent(duration_ms=1, status=500), 1) is None
    assert await database.fetch_value("select status from webhook_delivery") == "delivered"


async def test_while_a_secret_is_replaced_both_sign(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, manager: httpx.AsyncClient, database: Database
) -> None:
    hook = await add()
    rotate = f"{WEBHOOKS}/{hook['id']}/secret/rotate"
    new = (await manager.post(rotate, json={})).json()["secret"]
    await tell()
    await deliver()
    message = receiver.messages[-1]
    for secret in (hook["secret"], new):
        assert verified(secret, message.headers, message.body, now=time.time())
    await database.execute("update webhook_secret set expires_at = now() where expires_at is not null")
    newest = (await manager.post(rotate, json={"keep_seconds": 0})).json()["secret"]
    await tell()
    await deliver()
    message = receiver.messages[-1]
    assert verified(newest, message.headers, message.body, now=time.time())
    for secret in (hook["secret"], new):
        assert not verified(secret, message.headers, message.body, now=time.time())


async def test_a_secret_whose_key_is_gone_sends_nothing(
    add: Add, tell: Tell, receiver: Receiver, parts: Assembly, webhook_dispatcher: WebhookDispatcher, log: Any
) -> None:
    hook = await add()
    await tell()
    webhook_dispatcher.vault = Vault([new_secret_key()])
    await webhook_dispatcher.turn()
    assert receiver.messages == []
    assert "rotate the secret" in (await log(hook["id"]))[0]["last_error"]


async def test_a_ping_is_tried_once_even_of_a_disabled_webhook(
    add: Add, deliver: Deliver, receiver: Receiver, manager: httpx.AsyncClient
) -> None:
    hook = await add("job.failed")
    await manager.patch(f"{WEBHOOKS}/{hook['id']}", json={"is_enabled": False})
    receiver.answer = in_turn(status(200), status(500))
    found = []
    for _ in range(2):
        asked = (await manager.post(f"{WEBHOOKS}/{hook['id']}/ping")).json()
        assert (asked["status"], asked["event"]) == ("waiting", "webhook.ping")
        await deliver()
        found.append((await manager.get(f"{WEBHOOKS}/{hook['id']}/deliveries/{asked['id']}")).json()["delivery"])
    assert [one["status"] for one in found] == ["delivered", "failed"]
    assert receiver.messages[0].json["data"] == {"webhook_id": hook["id"]}
    assert verified(hook["secret"], receiver.messages[0].headers, receiver.messages[0].body, now=time.time())
    assert (await manager.get(f"{WEBHOOKS}/{hook['id']}")).json()["failing_since"] is None


async def test_a_delivery_is_replayed_under_its_id(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, manager: httpx.AsyncClient, log: Any
) -> None:
    hook = await add()
    await tell()
    await deliver()
    [earlier] = await log(hook["id"])
    replay = f"{WEBHOOKS}/{hook['id']}/deliveries/{earlier['id']}/replay"
    answer = await manager.post(replay)
    assert answer.status_code == 201
    assert (answer.json()["message_id"], answer.json()["status"]) == (earlier["message_id"], "waiting")
    await deliver()
    first, second = receiver.messages
    assert (first.id, first.body) == (second.id, second.body)
    assert (await manager.post(f"{WEBHOOKS}/{hook['id']}/deliveries/999/replay")).status_code == 404
    await manager.patch(f"{WEBHOOKS}/{hook['id']}", json={"is_enabled": False})
    assert (await manager.post(replay)).status_code == 409


async def test_the_log_tells_every_attempt_and_its_owner_the_message(
    add: Add,
    tell: Tell,
    deliver: Deliver,
    receiver: Receiver,
    manager: httpx.AsyncClient,
    client: httpx.AsyncClient,
    database: Database,
    log: Any,
) -> None:
    hook = await add()
    receiver.answer = in_turn(status(500), silent(), status(204))
    await tell(name="a job")
    for _ in range(3):
        await deliver()
    [delivery] = await log(hook["id"])
    path = f"{WEBHOOKS}/{hook['id']}/deliveries/{delivery['id']}"
    details = (await manager.get(path)).json()
    assert details["delivery"] == delivery
    assert [(one["number"], one["status"]) for one in details["attempts"]] == [(1, 500), (2, None), (3, 204)]
    assert details["attempts"][1]["error"] == "no answer within 1 seconds"
    assert details["message"]["data"] == {"name": "a job"}
    other = await as_user(client, database, "view_webhook")
    assert (await other.get(path)).json()["message"] is None


async def test_the_log_is_read_page_by_page(add: Add, tell: Tell, manager: httpx.AsyncClient) -> None:
    hook = await add()
    for _ in range(5):
        await tell()
    seen: list[int] = []
    url = f"{WEBHOOKS}/{hook['id']}/deliveries?limit=2&status=waiting"
    while url:
        answer = await manager.get(url)
        seen += [one["id"] for one in answer.json()["items"]]
        url = answer.links["next"]["url"] if "next" in answer.links else ""
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    nothing = await manager.get(f"{WEBHOOKS}/{hook['id']}/deliveries?status=failed")
    assert nothing.json() == {"items": [], "next_cursor": None}
    assert (await manager.get(f"{WEBHOOKS}/{hook['id']}/deliveries?status=lost")).status_code == 422
    assert (await manager.get(f"{WEBHOOKS}/999/deliveries")).status_code == 404


async def test_deleting_a_webhook_ends_its_deliveries(
    add: Add, tell: Tell, deliver: Deliver, receiver: Receiver, manager: httpx.AsyncClient, database: Database
) -> None:
    hook = await add()
    await tell()
    await manager.delete(f"{WEBHOOKS}/{hook['id']}")
    assert await deliver() == 0
    assert receiver.messages == []
    assert await database.fetch_value("select count(*) from webhook_secret") == 0
