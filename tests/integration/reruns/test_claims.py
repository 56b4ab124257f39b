"""Schedulers that share the requests: none is given to two."""

import asyncio
from typing import Any

import httpx
import pytest
from tests import people
from tests.recording import add_execution

from touchstone.database.executor import Database

PATH = "/api/v1/test-executions/reruns"


@pytest.fixture
async def scheduler(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await people.as_application(client, database, "view_rerun", "change_rerun", "change_rerun_bulk")


async def requested(client: httpx.AsyncClient, database: Database, count: int, **fields: str) -> list[int]:
    made = [await add_execution(database, **fields) for _ in range(count)]
    assert (await client.post(PATH, json={"test_execution_ids": made})).status_code == 200
    return made


async def claimed(client: httpx.AsyncClient, **claim: Any) -> list[dict[str, Any]]:
    answer = await client.post(f"{PATH}/claim", json=claim)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def expire(database: Database) -> None:
    await database.execute("update rerun_request set claimed_until = now() - interval '1 second'")


async def test_claims_are_for_who_may_change_reruns(client: httpx.AsyncClient, database: Database) -> None:
    viewer = await people.as_application(client, database, "view_rerun")
    for path in "claim", "1/renew", "1/release":
        assert (await viewer.post(f"{PATH}/{path}", json={})).status_code == 403


async def test_the_most_urgent_are_given_to_one_scheduler(scheduler: httpx.AsyncClient, database: Database) -> None:
    first, second = await requested(scheduler, database, 2)
    await scheduler.post(PATH, json={"test_execution_ids": [second], "priority": 1})
    (urgent,) = await claimed(scheduler, claimed_by="lab", lease_seconds=60)
    assert (urgent["test_execution_id"], urgent["claimed_by"]) == (second, "lab")
    assert [one["test_execution_id"] for one in await claimed(scheduler, limit=5)] == [first]
    assert await claimed(scheduler) == []
    listed = (await scheduler.get(PATH)).json()
    assert [one["test_execution_id"] for one in listed] == [second, first]
    assert all(one["claimed_until"] for one in listed)


async def test_schedulers_at_once_share_the_requests(scheduler: httpx.AsyncClient, database: Database) -> None:
    made = await requested(scheduler, database, 30)
    shares = await asyncio.gather(*(claimed(scheduler, limit=5, claimed_by=f"lab {n}") for n in range(8)))
    given = [one["test_execution_id"] for share in shares for one in share]
    assert len(given) == len(set(given))
    left = await claimed(scheduler, limit=100)
    assert sorted([*given, *(one["test_execution_id"] for one in left)]) == sorted(made)


async def test_claims_are_narrowed_like_the_list(scheduler: httpx.AsyncClient, database: Database) -> None:
    await requested(scheduler, database, 1, environment="laptop")
    (cloud,) = await requested(scheduler, database, 1, environment="cloud", architecture="arm64")
    assert await claimed(scheduler, environment="desk") == []
    claim = {
        "environment": "cloud",
        "environment_architecture": "arm64",
        "build_architecture": "arm64",
        "family": "snap",
    }
    assert [one["test_execution_id"] for one in await claimed(scheduler, limit=9, **claim)] == [cloud]


async def test_a_lease_that_is_over_frees_the_request(scheduler: httpx.AsyncClient, database: Database) -> None:
    await requested(scheduler, database, 1)
    (lost,) = await claimed(scheduler, claimed_by="lost")
    await expire(database)
    assert (await scheduler.get(PATH)).json()[0]["claimed_by"] is None
    (found,) = await claimed(scheduler, claimed_by="other")
    assert found["id"] == lost["id"]
    late = await scheduler.post(f"{PATH}/{lost['id']}/renew", json={"claimed_by": "lost"})
    assert late.status_code == 409


async def test_who_claimed_renews_and_releases(scheduler: httpx.AsyncClient, database: Database) -> None:
    await requested(scheduler, database, 1)
    (one,) = await claimed(scheduler)
    await expire(database)
    renewed = await scheduler.post(f"{PATH}/{one['id']}/renew", json={"lease_seconds": 3600})
    assert (renewed.status_code, renewed.json()[0]["id"]) == (200, one["id"])
    assert await claimed(scheduler) == []
    assert (await scheduler.post(f"{PATH}/{one['id']}/release", json={"claimed_by": "other"})).status_code == 409
    assert (await scheduler.post(f"{PATH}/{one['id']}/release", json={})).status_code == 204
    assert len(await claimed(scheduler)) == 1
    assert (await scheduler.post(f"{PATH}/0/release", json={})).status_code == 404


async def test_claimed_requests_are_taken_back_like_others(scheduler: httpx.AsyncClient, database: Database) -> None:
    made = await requested(scheduler, database, 1)
    (one,) = await claimed(scheduler)
    assert (await scheduler.request("DELETE", PATH, json={"test_execution_ids": made})).status_code == 200
    assert (await scheduler.get(PATH)).json() == []
    assert (await scheduler.post(f"{PATH}/{one['id']}/renew", json={})).status_code == 404


@pytest.mark.parametrize("claim", [{"limit": 0}, {"limit": 101}, {"lease_seconds": 0}, {"claimed_by": ""}])
async def test_claims_have_bounds(claim: dict[str, Any], scheduler: httpx.AsyncClient) -> None:
    assert (await scheduler.post(f"{PATH}/claim", json=claim)).status_code == 422
