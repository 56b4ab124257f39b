"""The right to be told is looked at when an event is handed out, and again before each attempt to deliver it."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx
import pytest
from tests import people
from tests.conftest import replaced
from tests.integration.webhooks.conftest import WEBHOOKS
from tests.webhook_receiver import Receiver

from touchstone.assembly import Assembly
from touchstone.database.executor import Database
from touchstone.domains.belonging.model import Belonging, Visibility
from touchstone.domains.outbox.repository import OutboxRepository
from touchstone.domains.outbox.service import emit
from touchstone.settings import Settings

Deliver = Callable[[], Awaitable[int]]


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    """Nothing is open."""
    return replaced(settings, ignore_permissions=())


class Owner(NamedTuple):
    id: int
    client: httpx.AsyncClient
    team: int


@pytest.fixture
async def owner(client: httpx.AsyncClient, database: Database) -> Owner:
    """Of a webhook that is to be told of jobs."""
    user = await people.add_user(database)
    team = await people.add_team(database, permissions=["change_webhook", "view_webhook", "view_job"])
    await people.join(database, user, team)
    return Owner(user, people.signed_in(client, await people.session_of(database, user)), team)


async def hooked(client: httpx.AsyncClient, receiver: Receiver) -> int:
    answer = await client.post(WEBHOOKS, json={"url": receiver.url, "events": ["job.*"]})
    assert answer.status_code == 201, answer.text
    return answer.json()["webhook"]["id"]


async def happen(parts: Assembly, belonging: Belonging | None = None) -> None:
    async with parts.database.transaction() as transaction:
        await emit(transaction, "job.failed", "job:1", {}, belonging=belonging or Belonging())


async def last_delivery(client: httpx.AsyncClient, webhook: int) -> dict[str, Any]:
    return (await client.get(f"{WEBHOOKS}/{webhook}/deliveries")).json()["items"][0]


async def lose_permission(database: Database, owner: Owner) -> None:
    await database.execute("update team set permissions = '{change_webhook,view_webhook}' where id = $1", owner.team)


async def leave(database: Database, owner: Owner) -> None:
    await database.execute("delete from team_member where user_id = $1", owner.id)


async def vanish(database: Database, owner: Owner) -> None:
    await database.execute("delete from app_user where id = $1", owner.id)


@pytest.mark.parametrize("lose", [lose_permission, leave, vanish])
async def test_who_lost_the_right_is_told_no_more(
    lose: Any, owner: Owner, receiver: Receiver, parts: Assembly, deliver: Deliver, database: Database
) -> None:
    await hooked(owner.client, receiver)
    await happen(parts)
    await parts.outbox().turn()
    assert await deliver() == 1
    await lose(database, owner)
    await happen(parts)
    await parts.outbox().turn()
    assert await deliver() == 0
    assert len(receiver.messages) == 1


@pytest.mark.parametrize("lose", [lose_permission, leave, vanish])
async def test_what_waits_is_not_sent_once_the_right_is_lost(
    lose: Any,
    owner: Owner,
    receiver: Receiver,
    parts: Assembly,
    deliver: Deliver,
    client: httpx.AsyncClient,
    database: Database,
) -> None:
    webhook = await hooked(owner.client, receiver)
    await happen(parts)
    await parts.outbox().turn()
    await lose(database, owner)
    await deliver()
    assert receiver.messages == []
    delivery = await last_delivery(await people.as_admin(client, database), webhook)
    assert delivery["status"] == "failed"
    assert delivery["last_error"] == "whom the webhook belongs to may not see this any more"


async def test_who_is_no_administrator_any_more_hears_no_private_things(
    receiver: Receiver, parts: Assembly, deliver: Deliver, client: httpx.AsyncClient, database: Database
) -> None:
    admin = await people.add_user(database, is_admin=True, permissions=["view_job"])
    await hooked(people.signed_in(client, await people.session_of(database, admin)), receiver)
    private = Belonging("user:999999", None, Visibility.PRIVATE)
    await happen(parts, private)
    await parts.outbox().turn()
    assert await deliver() == 1
    await happen(parts, private)
    await parts.outbox().turn()
    await database.execute("update app_user set is_admin = false where id = $1", admin)
    await deliver()
    await happen(parts, private)
    await happen(parts)
    await parts.outbox().turn()
    assert await deliver() == 1  # what is everyone's he may still see
    assert len(receiver.messages) == 2


async def test_who_left_the_team_hears_no_more_of_its_things(
    owner: Owner, receiver: Receiver, parts: Assembly, deliver: Deliver, database: Database
) -> None:
    team = await people.add_team(database)
    await people.join(database, owner.id, team)
    await hooked(owner.client, receiver)
    await happen(parts, Belonging("user:999999", team, Visibility.TEAM))
    await parts.outbox().turn()
    await database.execute("delete from team_member where user_id = $1 and team_id = $2", owner.id, team)
    await deliver()
    assert receiver.messages == []


async def test_a_new_owner_is_not_sent_what_was_for_the_old_one(
    owner: Owner, receiver: Receiver, parts: Assembly, deliver: Deliver, client: httpx.AsyncClient, database: Database
) -> None:
    webhook = await hooked(owner.client, receiver)
    await happen(parts, Belonging(f"user:{owner.id}", None, Visibility.PRIVATE))
    await parts.outbox().turn()
    assert await deliver() == 1
    await database.execute("update outbox set handled_at = now() - interval '20 days'")
    await OutboxRepository(database).delete_handled()
    another = await people.as_user(client, database, "change_webhook", "view_webhook", "view_job")
    await another.patch(f"{WEBHOOKS}/{webhook}", json={"url": receiver.url + "&other=1"})
    sent = await last_delivery(another, webhook)
    assert (await another.post(f"{WEBHOOKS}/{webhook}/deliveries/{sent['id']}/replay")).status_code == 201
    await deliver()
    assert len(receiver.messages) == 1


async def test_an_application_is_told_as_long_as_it_may_see(
    receiver: Receiver, parts: Assembly, deliver: Deliver, client: httpx.AsyncClient, database: Database
) -> None:
    application, key = await people.add_application(database, permissions=["change_webhook", "view_job"])
    await hooked(people.with_key(client, key), receiver)
    await happen(parts)
    await parts.outbox().turn()
    assert await deliver() == 1
    await database.execute("update application set permissions = '{change_webhook}' where id = $1", application)
    await happen(parts)
    await parts.outbox().turn()
    assert await deliver() == 0


async def test_what_is_open_to_everybody_needs_no_permission(
    settings: Settings, receiver: Receiver, parts: Assembly, database: Database
) -> None:
    application, _ = await people.add_application(database)
    await database.execute(
        "insert into webhook (url, description, events, is_enabled, owner) values ($1, '', '{job.*}', true, $2)",
        receiver.url,
        f"application:{application}",
    )
    await happen(parts)
    await parts.outbox().turn()
    assert await database.fetch_value("select count(*) from webhook_delivery") == 0
    await happen(parts)
    opened = replaced(settings, ignore_permissions=("view_job",))
    await Assembly(**{**_fields(parts), "settings": opened}).outbox().turn()
    assert await database.fetch_value("select count(*) from webhook_delivery") == 1


def _fields(parts: Assembly) -> dict[str, Any]:
    return {name: getattr(parts, name) for name in parts.__struct_fields__}
