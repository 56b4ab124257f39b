"""Creating routes of people: done once under a key, and nothing of a secret is kept for the second answer."""

import asyncio
from typing import Any

import httpx
import pytest
from tests import people

from touchstone.database.executor import Database

KEY = {"Idempotency-Key": "one key"}
WEBHOOK = {"url": "https://hooks.example.test/in", "events": ["job.*"]}
IN_CLEAR = {
    "applications": {"name": "ci", "permissions": ["view_test"]},
    "webhooks": WEBHOOK,
}


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await people.as_admin(client, database)


async def body_of(route: str, database: Database) -> dict[str, Any]:
    if route == "teams":
        return {"name": "kernel", "permissions": ["view_test"]}
    return {"family": "snap", "name": "core", "team_ids": [await people.add_team(database)]}


@pytest.mark.parametrize("route", ["teams", "artefact-matching-rules"])
async def test_the_same_request_again_gets_the_same_answer(
    route: str, admin: httpx.AsyncClient, database: Database
) -> None:
    body = await body_of(route, database)
    first, second = [await admin.post(f"/api/v1/{route}", json=body, headers=KEY) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert first.json() == second.json()
    other = await admin.post(f"/api/v1/{route}", json={**body, "name": "other"}, headers=KEY)
    assert other.status_code == 422
    assert "take a new key" in other.json()["detail"]
    assert (await admin.post(f"/api/v1/{route}", json=body)).status_code == 409


@pytest.mark.parametrize("route", IN_CLEAR)
async def test_what_is_shown_once_is_not_made_nor_shown_twice(
    route: str, admin: httpx.AsyncClient, database: Database
) -> None:
    first = await admin.post(f"/api/v1/{route}", json=IN_CLEAR[route], headers=KEY)
    assert first.is_success, first.text
    made = first.json()
    number = made["id"] if route == "applications" else made["webhook"]["id"]
    second = await admin.post(f"/api/v1/{route}", json=IN_CLEAR[route], headers=KEY)
    assert second.status_code == 409
    noun = route.removesuffix("s")
    told = f"made {noun} {number}, and what it shows only once was in that answer: rotate it"
    assert second.json()["detail"] == f"The Idempotency-Key one key has {told}"
    listed = (await admin.get(f"/api/v1/{route}")).json()
    assert len(listed if route == "applications" else listed["items"]) == 1
    kept = await database.fetch_value("select string_agg(idempotent_request::text, '') from idempotent_request")
    assert made.get("api_key", made.get("secret")) not in kept


@pytest.mark.parametrize("route", IN_CLEAR)
async def test_identical_requests_at_once_make_one(route: str, admin: httpx.AsyncClient) -> None:
    calls = [admin.post(f"/api/v1/{route}", json=IN_CLEAR[route], headers=KEY) for _ in range(5)]
    codes = [answer.status_code for answer in await asyncio.gather(*calls)]
    assert len([code for code in codes if code < 300]) == 1
    assert set(codes) <= {200, 201, 409}


async def test_a_ping_and_a_replay_are_queued_once(admin: httpx.AsyncClient) -> None:
    webhook = (await admin.post("/api/v1/webhooks", json=WEBHOOK)).json()["webhook"]["id"]
    deliveries = f"/api/v1/webhooks/{webhook}/deliveries"
    pings = [(await admin.post(f"/api/v1/webhooks/{webhook}/ping", headers=KEY)).json() for _ in range(2)]
    assert pings[0] == pings[1]
    replays = [(await admin.post(f"{deliveries}/{pings[0]['id']}/replay", headers=KEY)).json() for _ in range(2)]
    assert replays[0] == replays[1]
    assert len((await admin.get(deliveries)).json()["items"]) == 2


async def test_keys_of_two_callers_have_nothing_to_do_with_each_other(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, database: Database
) -> None:
    other = await people.as_admin(client, database)
    codes = [
        (await caller.post("/api/v1/webhooks", json=WEBHOOK, headers=KEY)).status_code for caller in (admin, other)
    ]
    assert codes == [201, 201]
