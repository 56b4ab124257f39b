"""Keys: rotation, grace, expiry, last use."""

import asyncio
import datetime as dt

import pytest
from tests.people import add_application, as_admin, as_application, as_user, key_of, with_key

APPLICATIONS = "/api/v1/applications"


async def is_alive(client, key):
    return (await with_key(client, key).get(f"{APPLICATIONS}/me")).text != "null"


async def death_of(client, key):
    """Rows that are changed behind the service's back are heard of a moment later."""
    async with asyncio.timeout(10):
        while await is_alive(client, key):
            await asyncio.sleep(0)


async def expire(database, application):
    """Lets every time pass that its keys wait for."""
    await database.execute(
        """
        update api_key set expires_at = now() - interval '1 second'
        where application_id = $1 and expires_at < now() + interval '1 year'
        """,
        application,
    )


def at(written):
    return dt.datetime.fromisoformat(written)


async def test_without_a_key_there_is_nothing_to_rotate(client, database):
    for caller in (client, await as_admin(client, database), with_key(client, "to_unknown")):
        answer = await caller.post(f"{APPLICATIONS}/me/rotate")
        assert (answer.status_code, answer.json()["detail"]) == (401, "Not authenticated")


@pytest.mark.parametrize("path", ["/api/v1/applications/me/rotate", "/v1/applications/me/rotate"])
async def test_an_application_rotates_its_own_key(client, database, path):
    application, old = await add_application(database)
    answer = await with_key(client, old).post(path)
    new = answer.json()["api_key"]
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["id"] == application and new.startswith("to_") and new != old
    assert (await is_alive(client, old), await is_alive(client, new)) == (False, True)


async def test_who_may_change_an_application_rotates_its_key(client, database):
    application, old = await add_application(database, permissions=["view_test"])
    changer = await as_user(client, database, "change_application", "view_test")
    answer = await changer.post(f"/v1/applications/{application}/rotate")
    assert answer.status_code == 200
    assert (await is_alive(client, old), await is_alive(client, answer.json()["api_key"])) == (False, True)
    audited = await database.fetch_value("select array_agg(action || ' ' || subject) from audit_event")
    assert audited == [f"rotate_api_key application:{application}"]


async def test_the_old_key_lives_on_for_its_grace(client, database):
    application, old = await add_application(database)
    rotated = await with_key(client, old).post(f"{APPLICATIONS}/me/rotate", params={"grace_seconds": 3600})
    new = rotated.json()["api_key"]
    assert (await is_alive(client, old), await is_alive(client, new)) == (True, True)
    keys = (await (await as_admin(client, database)).get(f"{APPLICATIONS}/{application}/keys")).json()
    left = at(keys[1]["expires_at"]) - dt.datetime.now(dt.UTC)
    assert keys[0]["expires_at"] is None and dt.timedelta(minutes=58) < left <= dt.timedelta(hours=1)
    await expire(database, application)
    assert (await is_alive(client, old), await is_alive(client, new)) == (False, True)


async def test_no_more_than_two_keys_live(client, database):
    admin = await as_admin(client, database)
    application, first = await add_application(database)
    path = f"{APPLICATIONS}/{application}/rotate"
    second = (await admin.post(path, params={"grace_seconds": 60})).json()["api_key"]
    third = (await admin.post(path, params={"grace_seconds": 60})).json()["api_key"]
    assert [await is_alive(client, key) for key in (first, second, third)] == [False, True, True]
    fourth = (await admin.post(path)).json()["api_key"]
    assert [await is_alive(client, key) for key in (second, third, fourth)] == [False, False, True]


@pytest.mark.parametrize("grace", [-1, 30 * 86_400 + 1, "long"])
async def test_a_grace_has_limits(client, database, grace):
    machine = await as_application(client, database)
    answer = await machine.post(f"{APPLICATIONS}/me/rotate", params={"grace_seconds": grace})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "grace_seconds"])


@pytest.mark.parametrize("grace", [0, 3600])
async def test_of_many_rotations_with_one_key_one_wins(client, database, grace):
    _, old = await add_application(database)
    machine = with_key(client, old)
    path = f"{APPLICATIONS}/me/rotate"
    answers = await asyncio.gather(*(machine.post(path, params={"grace_seconds": grace}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert await is_alive(client, winner.json()["api_key"])


async def test_many_rotations_by_others_leave_one_key(client, database):
    admin = await as_admin(client, database)
    application, _ = await add_application(database)
    answers = await asyncio.gather(*(admin.post(f"{APPLICATIONS}/{application}/rotate") for _ in range(8)))
    keys = {answer.json()["api_key"] for answer in answers}
    assert len(keys) == 8
    assert sum([await is_alive(client, key) for key in keys]) == 1
    assert await database.fetch_value("select count(*) from api_key") == 1


async def test_a_superseded_key_takes_no_place(client, database):
    _, old = await add_application(database)
    machine = with_key(client, old)
    await machine.post(f"{APPLICATIONS}/me/rotate", params={"grace_seconds": 60})
    assert await is_alive(client, old)
    assert (await machine.post(f"{APPLICATIONS}/me/rotate")).status_code == 401


async def test_a_key_may_expire(client, database):
    admin = await as_admin(client, database)
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    body = {"name": "short", "permissions": [], "expires_at": tomorrow}
    created = (await admin.post(APPLICATIONS, json=body)).json()
    assert at(created["expires_at"]) == at(tomorrow)
    assert await is_alive(client, created["api_key"])
    await expire(database, created["id"])
    await death_of(client, created["api_key"])
    shown = (await admin.get(f"{APPLICATIONS}/{created['id']}")).json()
    assert shown["api_key"] and at(shown["expires_at"]) < dt.datetime.now(dt.UTC)


async def test_a_new_key_lives_as_long_as_the_old_one_was_made_to(client, database):
    application, old = await add_application(database)
    await database.execute(
        "update api_key set created_at = now() - interval '10 days', expires_at = now() + interval '20 days'"
    )
    rotated = (await with_key(client, old).post(f"{APPLICATIONS}/me/rotate")).json()
    lives = at(rotated["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=29) < lives <= dt.timedelta(days=30)
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=300)).isoformat()
    admin = await as_admin(client, database)
    given = await admin.post(f"{APPLICATIONS}/{application}/rotate", params={"expires_at": until})
    assert at(given.json()["expires_at"]) == at(until)
    past = await admin.post(f"{APPLICATIONS}/{application}/rotate", params={"expires_at": "2001-01-01"})
    assert (past.status_code, past.json()["detail"][0]["loc"]) == (422, ["query", "expires_at"])


async def test_keys_are_listed_with_their_last_use_and_revoked_one_by_one(client, database):
    admin = await as_admin(client, database)
    application, first = await add_application(database)
    second = await key_of(database, application)
    assert await is_alive(client, first)
    path = f"{APPLICATIONS}/{application}/keys"
    keys = (await admin.get(path)).json()
    assert [key["last_used_at"] is None for key in keys] == [True, False]
    assert [key["masked"][-4:] for key in keys] == [second[-4:], first[-4:]]
    revoked = await admin.delete(f"{path}/{keys[1]['id']}")
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert (await is_alive(client, first), await is_alive(client, second)) == (False, True)


async def test_a_key_is_revoked_through_its_own_application_alone(client, database):
    admin = await as_admin(client, database)
    mine, _ = await add_application(database)
    other, key = await add_application(database)
    (row,) = (await admin.get(f"{APPLICATIONS}/{other}/keys")).json()
    await admin.delete(f"{APPLICATIONS}/{mine}/keys/{row['id']}")
    assert await is_alive(client, key)
