"""A user is erased: his name goes everywhere, what he did stays under a pseudonym, and the audit's chain holds."""

import asyncio
import json
import os
import sys

import asyncpg
import pytest
from tests.artefacts import add_artefact
from tests.people import add_user, as_admin, as_user, session_of, signed_in

from touchstone.domains.artefacts.decision_repository import forget_decider
from touchstone.domains.notifications.model import NotificationType
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.domains.users.service import UserService
from touchstone.http.caller import SYSTEM

USERS = "/api/v1/users"
PERMISSIONS = ("view_artefact", "change_artefact", "view_user")


async def busy_person(client, database, **fields):
    """Somebody with a session, a team, a notification, a decision and events in the audit."""
    person = await add_user(database, "grace@example.test", name="Grace Hopper", permissions=PERMISSIONS, **fields)
    speaking = signed_in(client, await session_of(database, person))
    await NotificationRepository(database).add([person], NotificationType.USER_ASSIGNED_ARTEFACT_REVIEW)
    artefact = await add_artefact(database)
    answer = await speaking.patch(f"/api/v1/artefacts/{artefact}", json={"status": "APPROVED"})
    assert answer.status_code == 200, answer.text
    return person, speaking, artefact


async def everything(postgres_url):
    """All rows of all tables, as one text."""
    connection = await asyncpg.connect(postgres_url)
    try:
        tables = await connection.fetch(
            "select quote_ident(relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        found = [
            row[0] for (table,) in tables for row in await connection.fetch(f"select to_jsonb(t)::text from {table} t")
        ]
        return "\n".join(found)
    finally:
        await connection.close()


async def test_no_row_names_him_any_more_and_his_decision_stays(client, database, parts, postgres):
    person, speaking, artefact = await busy_person(client, database)
    await parts.audit_chain().turn()
    admin = await as_admin(client, database)
    answer = await admin.post(f"{USERS}/{person}/erase")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"pseudonym": f"user:{person}", "was_there": True, "audit_events": 1, "decisions": 1}
    rows = await everything(postgres.owner_url)
    assert "Grace" not in rows
    assert "grace" not in rows
    decisions = (await admin.get(f"/api/v1/artefacts/{artefact}/decisions")).json()["items"]
    assert [(one["decided_by"], one["decided_by_name"]) for one in decisions] == [(f"user:{person}", None)]
    assert (await speaking.get(f"{USERS}/me")).json() is None
    assert await database.fetch_value("select count(*) from notification") == 0
    while await parts.audit_chain().turn():
        pass
    assert (await parts.audit_chain().verify()).fault is None


async def test_what_adding_and_deleting_tell_the_audit_names_nobody(database, postgres):
    service = UserService(database)
    row, _ = await service.add(SYSTEM, "grace@example.test", "Grace Hopper", launchpad_handle="grace")
    await service.delete(SYSTEM, row.id)
    assert "grace" not in (await everything(postgres.owner_url)).lower()


async def test_it_is_done_again_for_somebody_who_is_deleted_already(client, database):
    person, _, _ = await busy_person(client, database)
    admin = await as_admin(client, database)
    assert (await admin.delete(f"{USERS}/{person}")).is_success
    erased = {"pseudonym": f"user:{person}", "was_there": False, "audit_events": 1, "decisions": 1}
    assert (await admin.post(f"{USERS}/{person}/erase")).json() == erased
    again = (await admin.post(f"{USERS}/{person}/erase")).json()
    assert again == {**erased, "audit_events": 0, "decisions": 0}
    actions = await database.fetch_value(
        "select array_agg(action order by id) from audit_event where action like '%user'"
    )
    assert actions == ["delete_user", "erase_user"]


async def test_whoever_erases_himself_leaves_no_name_behind(client, database, postgres):
    person = await add_user(database, name="Grace Hopper", permissions=["erase_user"])
    speaking = signed_in(client, await session_of(database, person))
    assert (await speaking.post(f"{USERS}/{person}/erase")).status_code == 200
    assert "Grace" not in await everything(postgres.owner_url)


async def test_administrators_are_erased_by_administrators_and_the_last_one_stays(client, database):
    last = await add_user(database, is_admin=True)
    helper = await as_user(client, database, "erase_user")
    assert (await helper.post(f"{USERS}/{last}/erase")).status_code == 403
    itself = signed_in(client, await session_of(database, last))
    assert (await itself.post(f"{USERS}/{last}/erase")).status_code == 403
    other = await add_user(database, is_admin=True)
    assert (await itself.post(f"{USERS}/{other}/erase")).json()["was_there"] is True


async def test_names_of_others_stay(client, database):
    await busy_person(client, database)
    admin = await as_admin(client, database)
    other = await add_user(database)
    assert (await admin.post(f"{USERS}/{other}/erase")).json()["was_there"] is True
    names = await database.fetch_value("select array_agg(decided_by_name) from artefact_decision")
    assert names == ["Grace Hopper"]


async def test_a_decision_keeps_its_name_when_its_forgetting_is_undone(database, client):
    person, _, _ = await busy_person(client, database)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as transaction:
            assert await forget_decider(transaction, person) == 1
            raise ZeroDivisionError
    assert await database.fetch_value("select decided_by_name from artefact_decision") == "Grace Hopper"


async def test_the_command_erases_by_address(client, database, settings, tmp_path):
    person, _, _ = await busy_person(client, database)
    given = settings.to_environment()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "touchstone", "users", "erase", "GRACE@example.test", "--json"),
        cwd=tmp_path,
        env={**os.environ, "TOUCHSTONE_DATABASE_URL": given["TOUCHSTONE_DATABASE_URL"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    assert json.loads(out)["pseudonym"] == f"user:{person}"
