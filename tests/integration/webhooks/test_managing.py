"""Making, changing and reading webhooks."""

from typing import Any

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.integration.webhooks.conftest import SEEING, WEBHOOKS, Add
from tests.people import as_admin, as_user

from touchstone.database.executor import Database
from touchstone.settings import Settings

BODY = {"url": "https://hooks.example.com/a?token=only-for-two", "events": ["job.failed"]}


async def events(database: Database) -> list[tuple[str, Any]]:
    rows = await database.fetch_value(
        "select coalesce(json_agg(json_build_array(action, after) order by id), '[]') from audit_event"
    )
    return [(action, after) for action, after in rows]


async def test_callers_without_the_permission_are_refused(
    client: httpx.AsyncClient, add: Add, database: Database
) -> None:
    hook = await add()
    reading = [("GET", ""), ("GET", "/{}"), ("GET", "/{}/deliveries"), ("GET", "/{}/deliveries/1")]
    changing = [
        ("POST", ""),
        ("PATCH", "/{}"),
        ("DELETE", "/{}"),
        ("POST", "/{}/ping"),
        ("POST", "/{}/secret/rotate"),
        ("POST", "/{}/deliveries/1/replay"),
    ]
    nobody, reader = client, await as_user(client, database, "view_webhook", *SEEING)
    for caller, calls in ((nobody, reading + changing), (reader, changing)):
        for method, path in calls:
            answer = await caller.request(method, WEBHOOKS + path.format(hook["id"]), json={})
            assert answer.status_code == 403, (method, path)


async def test_a_webhook_shows_its_secret_once(manager: httpx.AsyncClient, database: Database) -> None:
    answer = await manager.post(WEBHOOKS, json=BODY)
    assert answer.status_code == 201
    made, secret = answer.json()["webhook"], answer.json()["secret"]
    assert secret.startswith("whsec_")
    for path in ("", f"/{made['id']}"):
        assert "whsec_" not in (await manager.get(WEBHOOKS + path)).text
    assert (await manager.get(WEBHOOKS)).json() == {"items": [made]}
    assert (await manager.get(f"{WEBHOOKS}/{made['id']}")).json() == made
    assert (made["events"], made["is_enabled"], made["description"]) == (["job.failed"], True, "")
    stored = bytes(await database.fetch_value("select value from webhook_secret"))
    assert secret.encode() not in stored
    assert secret.removeprefix("whsec_").encode() not in stored


async def test_changes_are_recorded_without_secrets(manager: httpx.AsyncClient, database: Database) -> None:
    made = (await manager.post(WEBHOOKS, json=BODY)).json()["webhook"]
    hook = f"{WEBHOOKS}/{made['id']}"
    await manager.patch(hook, json={"description": "another"})
    rotated = (await manager.post(f"{hook}/secret/rotate", json={})).json()["secret"]
    await manager.post(f"{hook}/ping")
    assert (await manager.delete(hook)).status_code == 204
    found = await events(database)
    assert [action for action, _ in found] == [
        "create_webhook",
        "change_webhook",
        "rotate_webhook_secret",
        "ping_webhook",
        "delete_webhook",
    ]
    assert found[0][1]["url"] == "https://hooks.example.com/…"
    written = await database.fetch_value("select string_agg(audit_event::text, '') from audit_event")
    assert "only-for-two" not in written
    assert rotated.removeprefix("whsec_") not in written


async def test_only_what_is_given_changes(manager: httpx.AsyncClient) -> None:
    made = (await manager.post(WEBHOOKS, json=BODY)).json()["webhook"]
    changed = (await manager.patch(f"{WEBHOOKS}/{made['id']}", json={"is_enabled": False})).json()
    assert {**changed, "updated_at": ""} == {**made, "is_enabled": False, "updated_at": ""}
    changed = (await manager.patch(f"{WEBHOOKS}/{made['id']}", json={"events": ["workflow.*"]})).json()
    assert (changed["events"], changed["is_enabled"], changed["url"]) == (["workflow.*"], False, BODY["url"])


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({**BODY, "events": []}, ["body", "events"]),
        ({**BODY, "events": ["job.exploded"]}, ["body", "events", 0]),
        ({**BODY, "url": "https://user:password@hooks.example.com/"}, ["body", "url"]),
        ({**BODY, "url": "http://169.254.169.254/latest"}, ["body", "url"]),
        ({"events": ["*"]}, ["body", "url"]),
    ],
)
async def test_what_is_no_webhook_is_refused(manager: httpx.AsyncClient, body: Any, place: list[Any]) -> None:
    answer = await manager.post(WEBHOOKS, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == place
    assert "password" not in answer.text


async def test_private_addresses_are_refused_unless_they_are_allowed(settings: Settings, database: Database) -> None:
    async with serving(replaced(settings, webhook_allow_private=False)) as strict:
        admin = await as_admin(strict, database)
        for url in ("http://hooks.example.com/", "https://127.0.0.1/", "https://localhost/", "https://[fc00::1]/"):
            assert (await admin.post(WEBHOOKS, json={**BODY, "url": url})).status_code == 422, url
        made = (await admin.post(WEBHOOKS, json=BODY)).json()["webhook"]
        answer = await admin.patch(f"{WEBHOOKS}/{made['id']}", json={"url": "https://10.0.0.1/"})
        assert answer.status_code == 422


async def test_nobody_is_told_what_he_may_not_see(client: httpx.AsyncClient, database: Database) -> None:
    caller = await as_user(client, database, "view_webhook", "change_webhook", "view_job")
    answer = await caller.post(WEBHOOKS, json={**BODY, "events": ["job.*", "execution.*"]})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "Whoever is told of execution events needs the permission view_test"
    assert (await caller.post(WEBHOOKS, json={**BODY, "events": ["*"]})).status_code == 403
    made = (await caller.post(WEBHOOKS, json=BODY)).json()["webhook"]
    assert (await caller.patch(f"{WEBHOOKS}/{made['id']}", json={"events": ["review.*"]})).status_code == 403


async def test_anothers_webhook_cannot_be_led_to_oneself_past_ones_rights(
    client: httpx.AsyncClient, manager: httpx.AsyncClient, database: Database
) -> None:
    made = (await manager.post(WEBHOOKS, json={**BODY, "events": ["*"]})).json()["webhook"]
    hook, elsewhere = f"{WEBHOOKS}/{made['id']}", {"url": "https://elsewhere.example.com/"}
    lesser = await as_user(client, database, "change_webhook", "view_job")
    assert (await lesser.patch(hook, json=elsewhere)).status_code == 403
    assert (await lesser.patch(hook, json={"description": "fine"})).status_code == 200
    equal = await as_user(client, database, "change_webhook", *SEEING)
    changed = (await equal.patch(hook, json=elsewhere)).json()
    assert changed["owner"] != made["owner"]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_webhook_that_there_is_not(manager: httpx.AsyncClient, method: str) -> None:
    answer = await manager.request(method, f"{WEBHOOKS}/999", json={})
    assert (answer.status_code, answer.json()["detail"]) == (404, "Webhook 999 doesn't exist")


async def test_there_are_a_hundred_webhooks_at_most(manager: httpx.AsyncClient, database: Database) -> None:
    await database.execute(
        """
        insert into webhook (url, events, owner)
        select 'https://hooks.example.com', '{*}', 'user:1' from generate_series(1, 100)
        """
    )
    assert (await manager.post(WEBHOOKS, json=BODY)).status_code == 409
    assert len((await manager.get(WEBHOOKS)).json()["items"]) == 100


async def test_secrets_that_sign_are_five_at_most(manager: httpx.AsyncClient) -> None:
    made = (await manager.post(WEBHOOKS, json=BODY)).json()["webhook"]
    rotate = f"{WEBHOOKS}/{made['id']}/secret/rotate"
    for _ in range(4):
        assert (await manager.post(rotate, json={})).status_code == 200
    assert (await manager.post(rotate, json={"keep_seconds": 60})).status_code == 409
    assert (await manager.post(rotate, json={"keep_seconds": 0})).status_code == 200
    assert (await manager.post(rotate, json={"keep_seconds": 604_801})).status_code == 422
