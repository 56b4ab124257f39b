"""Applications: what they may do, who sees what of them."""

import asyncio

import pytest
from tests.conftest import replaced, serving
from tests.people import add_application, add_user, as_admin, as_application, as_user, session_of, signed_in, with_key

APPLICATIONS = "/api/v1/applications"
EXTENSIONS = {"Accept-Extensions": "touchstone"}


async def create(client, name="a client", permissions=("view_test",), **fields):
    return await client.post(APPLICATIONS, json={"name": name, "permissions": list(permissions), **fields})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("GET", ""),
        ("GET", "/1"),
        ("PATCH", "/1"),
        ("DELETE", "/1"),
        ("POST", "/1/rotate"),
        ("GET", "/1/keys"),
        ("DELETE", "/1/keys/1"),
        ("PATCH", "/x"),
    ],
)
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, method, path):
    anonymous = await client.request(method, APPLICATIONS + path, json={"permissions": ["fly"]})
    user = await (await as_user(client, database, "view_team")).request(method, APPLICATIONS + path)
    assert (anonymous.status_code, user.status_code) == (403, 403)
    assert anonymous.json()["detail"] == "Insufficient permissions"


@pytest.mark.parametrize(
    ("needed", "method", "path"),
    [("add_application", "GET", ""), ("view_application", "POST", ""), ("view_application", "PATCH", "/1")],
)
async def test_one_permission_is_not_another(client, database, needed, method, path):
    user = await as_user(client, database, needed)
    assert (await user.request(method, APPLICATIONS + path)).status_code == 403


async def test_a_new_application_answers_with_its_key(client, database):
    answer = await create(await as_admin(client, database), permissions=["view_test", "change_test"])
    created = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    key = created["api_key"]
    assert key.startswith("to_") and len(key) == 46
    assert created | {"id": 0, "api_key": ""} == {
        "id": 0,
        "name": "a client",
        "permissions": ["view_test", "change_test"],
        "api_key": "",
        "accepts_extensions": False,
        "expires_at": None,
        "last_used_at": None,
    }
    assert (await with_key(client, key).get(f"{APPLICATIONS}/me")).json()["id"] == created["id"]


async def test_nobody_reads_the_key_again(client, database):
    admin = await as_admin(client, database)
    created = (await create(admin, permissions=[])).json()
    key, path = created["api_key"], f"{APPLICATIONS}/{created['id']}"
    changed = await admin.patch(path, json={"permissions": ["view_test"]})
    answers = [
        await admin.get(path),
        await admin.get(APPLICATIONS),
        changed,
        await with_key(client, key).get("/v1/applications/me"),
        await admin.get(f"{path}/keys"),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert key not in answer.text and key[6:-4] not in answer.text
    masked = changed.json()["api_key"]
    assert masked.startswith(key[:6]) and masked.endswith(key[-4:]) and len(masked) < 20
    stored = await database.fetch_value("select json_agg(api_key)::text from api_key")
    assert key not in str(stored)
    audited = await database.fetch_value("select json_agg(audit_event)::text from audit_event")
    assert key[6:-4] not in str(audited)


async def test_a_name_is_taken_once(client, database):
    admin = await as_admin(client, database)
    answers = await asyncio.gather(*(create(admin) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["detail"] == "Application with name 'a client' already exists"
    assert await database.fetch_value("select count(*) from api_key") == 1


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        ({"permissions": []}, ["body", "name"], "missing"),
        ({"name": "a"}, ["body", "permissions"], "missing"),
        ({"name": "a", "permissions": ["fly"]}, ["body", "permissions", 0], "enum"),
        ({"name": "a" * 201, "permissions": []}, ["body", "name"], "string_too_long"),
        ({"name": "a\0b", "permissions": []}, ["body", "name"], "value_error"),
        ({"name": "a", "permissions": [], "expires_at": "2001-01-01"}, ["body", "expires_at"], "value_error"),
        ({"name": "a", "permissions": [], "expires_at": "9999-01-01"}, ["body", "expires_at"], "value_error"),
    ],
)
async def test_what_cannot_be_is_a_validation_error(client, database, body, place, kind):
    answer = await (await as_admin(client, database)).post(APPLICATIONS, json=body)
    assert answer.status_code == 422
    assert (answer.json()["detail"][0]["loc"], answer.json()["detail"][0]["type"]) == (place, kind)


async def test_an_empty_name_of_old_is_taken(client, database):
    assert (await create(await as_admin(client, database), name="")).status_code == 200


async def test_applications_are_listed_in_the_order_of_their_making(client, database):
    admin = await as_admin(client, database)
    for name in ("c", "a", "b"):
        await create(admin, name)
    assert [one["name"] for one in (await admin.get(APPLICATIONS)).json()] == ["c", "a", "b"]


async def test_an_unknown_application_is_told_in_the_words_of_the_contract(client, database):
    admin = await as_admin(client, database)
    path = f"{APPLICATIONS}/4711"
    for answer in (await admin.get(path), await admin.post(f"{path}/rotate"), await admin.get(f"{path}/keys")):
        assert (answer.status_code, answer.json()["detail"]) == (404, "Application with id 4711 not found")
    changed = await admin.patch(path, json={})
    assert (changed.status_code, changed.json()["detail"]) == (404, "Application 4711 doesn't exist")
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.delete(f"{path}/keys/1")).status_code == 204


async def test_a_change_replaces_the_permissions_as_they_are_written(client, database):
    admin = await as_admin(client, database)
    created = (await create(admin)).json()
    path = f"{APPLICATIONS}/{created['id']}"
    twice = {"permissions": ["change_test", "view_test", "change_test"], "name": "ignored"}
    changed = (await admin.patch(path, json=twice)).json()
    assert (changed["permissions"], changed["name"]) == (twice["permissions"], "a client")
    assert (await admin.patch(path, json={"permissions": None})).json() == changed
    assert (await admin.patch(path, json={"permissions": []})).json()["permissions"] == []
    actions = await database.fetch_value("select array_agg(action order by id) from audit_event")
    assert actions == ["create_application", "update_application", "update_application"]


async def test_a_changed_permission_counts_at_once(client, database):
    admin = await as_admin(client, database)
    application, key = await add_application(database, permissions=["view_user"])
    machine = with_key(client, key)
    assert (await machine.get("/api/v1/users")).status_code == 200
    await admin.patch(f"{APPLICATIONS}/{application}", json={"permissions": ["view_team"]})
    assert (await machine.get("/api/v1/users")).status_code == 403
    assert (await machine.get("/api/v1/teams")).status_code == 200


async def test_a_deleted_application_is_nobody(client, database):
    admin = await as_admin(client, database)
    application, key = await add_application(database, permissions=["view_user"])
    machine = with_key(client, key)
    assert (await machine.get("/api/v1/users")).status_code == 200
    deleted = await admin.delete(f"{APPLICATIONS}/{application}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await machine.get("/api/v1/users")).status_code == 403
    assert (await machine.get(f"{APPLICATIONS}/me")).text == "null"


async def test_me_is_the_application_or_null(client, database):
    admin = await as_admin(client, database)
    for nobody in (await client.get(f"{APPLICATIONS}/me"), await admin.get(f"{APPLICATIONS}/me")):
        assert (nobody.status_code, nobody.text) == (200, "null")


async def test_me_asks_for_credentials_where_authentication_is_required(settings, runner, store, database):
    async with serving(replaced(settings, require_authentication=True), runner, store) as client:
        anonymous = await client.get(f"{APPLICATIONS}/me")
        assert (anonymous.status_code, anonymous.json()["detail"]) == (401, "Not authenticated")
        assert (await (await as_application(client, database)).get(f"{APPLICATIONS}/me")).status_code == 200


async def test_nobody_gives_what_he_does_not_hold(client, database):
    climber = await as_application(client, database, "add_application", "change_application", "view_application")
    mine = (await climber.get(f"{APPLICATIONS}/me")).json()["id"]
    held = ["view_application", "add_application"]
    created = await create(climber, permissions=held)
    other, _ = await add_application(database, permissions=["change_user"])
    attempts = [
        await create(climber, "another", [*held, "change_user"]),
        await climber.patch(f"{APPLICATIONS}/{mine}", json={"permissions": ["change_user", "view_application"]}),
        await climber.patch(f"{APPLICATIONS}/{created.json()['id']}", json={"permissions": ["change_user"]}),
        await climber.post(f"{APPLICATIONS}/{other}/rotate"),
    ]
    for refused in attempts:
        assert refused.status_code == 403
        assert refused.json()["detail"] == "You cannot give what you do not hold: change_user"
    assert await database.fetch_value("select count(*) from application") == 3
    assert (await climber.patch(f"{APPLICATIONS}/{other}", json={"permissions": []})).status_code == 200


async def test_what_a_session_and_a_key_hold_together_may_be_given(client, database):
    person = await add_user(database, permissions=["add_application"])
    _, key = await add_application(database, permissions=["view_test"])
    both = signed_in(client, await session_of(database, person))
    assert (await create(both)).status_code == 403
    both.headers["Authorization"] = f"bearer {key}"
    assert (await create(both)).status_code == 200


async def test_what_is_open_to_everybody_may_be_given(settings, runner, store):
    opened = replaced(settings, ignore_permissions=("add_application", "view_test"))
    async with serving(opened, runner, store) as client:
        assert (await create(client, permissions=["view_test"])).status_code == 200
        assert (await create(client, "b", permissions=["change_test"])).status_code == 403


async def test_words_of_ours_are_shown_to_who_asks_for_them_or_names_one(client, database):
    admin = await as_admin(client, database)
    created = (await create(admin, permissions=["view_dataset", "view_test"])).json()
    path = f"{APPLICATIONS}/{created['id']}"
    assert created["permissions"] == ["view_dataset", "view_test"]
    assert (await admin.get(path)).json()["permissions"] == ["view_test"]
    assert (await admin.get(APPLICATIONS)).json()[0]["permissions"] == ["view_test"]
    assert (await admin.get(path, headers=EXTENSIONS)).json()["permissions"] == ["view_dataset", "view_test"]
    machine = with_key(client, created["api_key"])
    assert (await machine.get(f"{APPLICATIONS}/me")).json()["permissions"] == ["view_test"]
    await admin.patch(path, json={"accepts_extensions": True})
    assert (await machine.get(f"{APPLICATIONS}/me")).json()["permissions"] == ["view_dataset", "view_test"]


async def test_who_is_not_shown_a_word_does_not_remove_it_by_chance(client, database):
    admin = await as_admin(client, database)
    created = (await create(admin, permissions=["view_dataset", "view_test"])).json()
    path = f"{APPLICATIONS}/{created['id']}"

    async def held():
        return (await admin.get(path, headers=EXTENSIONS)).json()["permissions"]

    await admin.patch(path, json={"permissions": ["change_test"]})
    assert await held() == ["change_test", "view_dataset"]
    await admin.patch(path, json={"permissions": ["change_test"]}, headers=EXTENSIONS)
    assert await held() == ["change_test"]
    await admin.patch(path, json={"permissions": ["view_job", "view_test"]})
    assert await held() == ["view_job", "view_test"]
    await admin.patch(path, json={"permissions": []})
    assert await held() == []
