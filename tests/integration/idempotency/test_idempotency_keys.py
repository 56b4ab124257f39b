"""Creating POSTs that carry an Idempotency-Key: done once, answered as often as asked."""

import asyncio
from typing import Any

import asyncpg
import pytest
from tests.builders import DIALOGUES, experiment, inference, workflow
from tests.fakes.object_store import MemoryStore

from touchstone.domains.idempotent_requests.repository import IdempotentRequestRepository

KEY = {"Idempotency-Key": "one key"}
LISTS = {
    "jobs/inference/": "jobs/",
    "jobs/annotate/": "jobs/",
    "jobs/evaluator/": "jobs/",
    "experiments/": "experiments/",
    "workflows/": "workflows/",
}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(params=list(LISTS))
async def creating(request, client, dataset) -> tuple[str, dict[str, Any]]:
    """A route and a body that it takes."""
    route = request.param
    if route == "workflows/":
        return route, workflow(await experiment(client, dataset, name="of the workflow"))
    if route == "experiments/":
        return route, {"name": "x", "dataset": dataset}
    body = inference(dataset)
    return route, body if "inference" in route else {**body, "job_config": {}}


async def total(read, route: str) -> int:
    return (await read(LISTS[route]))["total"]


async def test_the_same_request_again_gets_the_same_answer(client, read, creating):
    route, body = creating
    first = await client.post(f"/api/v1/{route}", json=body, headers=KEY)
    second = await client.post(f"/api/v1/{route}", json=body, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201), first.text
    assert first.json() == second.json()
    assert first.headers.get("location") == second.headers.get("location")
    assert await total(read, route) == 1


async def test_another_body_under_the_same_key_is_refused(client, read, creating):
    route, body = creating
    await client.post(f"/api/v1/{route}", json=body, headers=KEY)
    answer = await client.post(f"/api/v1/{route}", json={**body, "name": "another"}, headers=KEY)
    assert answer.status_code == 422 and "take a new key" in answer.json()["detail"]
    assert await total(read, route) == 1


async def test_identical_requests_at_once_create_one_row(client, read, creating):
    route, body = creating
    answers = await asyncio.gather(*(client.post(f"/api/v1/{route}", json=body, headers=KEY) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert await total(read, route) == 1


async def test_without_a_key_or_with_another_one_the_work_is_done_again(client, read, dataset):
    for headers in ({}, {}, KEY, {"Idempotency-Key": "another key"}):
        assert (
            await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=headers)
        ).status_code == 201
    assert (await read("jobs/"))["total"] == 4


async def test_a_key_belongs_to_its_route(client, read, dataset):
    body = {**inference(dataset), "job_config": {"model": "m", "provider": "p"}}
    first = await client.post("/api/v1/jobs/inference/", json=body, headers=KEY)
    second = await client.post("/api/v1/jobs/annotate/", json=body, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("spelling", ["jobs/inference", "jobs/inference/"])
async def test_both_spellings_of_a_route_are_one(client, read, dataset, spelling):
    await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=KEY)
    await client.post(f"/api/v1/{spelling}", json=inference(dataset), headers=KEY)
    assert (await read("jobs/"))["total"] == 1


async def test_a_request_in_flight_is_told_to_wait(client, read, postgres, dataset):
    """Another process holds the lock of this call."""
    holder = await asyncpg.connect(postgres.service_url)
    try:
        await holder.execute(
            "select pg_advisory_lock(hashtextextended($1, 0))", "anonymous\nPOST /api/v1/jobs/inference\none key"
        )
        answer = await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=KEY)
        assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
        assert (await read("jobs/"))["total"] == 0
    finally:
        await holder.close()
    again = await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=KEY)
    assert again.status_code == 201


async def test_a_refused_request_may_be_corrected_under_its_key(client, read, dataset):
    wrong = inference("00000000-0000-4000-8000-000000000000")
    assert (await client.post("/api/v1/jobs/inference/", json=wrong, headers=KEY)).status_code == 404
    assert (await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=KEY)).status_code == 201
    assert (await read("jobs/"))["total"] == 1


async def test_the_first_answer_is_replayed_although_the_job_has_moved_on(client, read, work, dataset):
    first = await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=KEY)
    await work()
    assert (await read(f"jobs/{first.json()['id']}"))["status"] == "succeeded"
    second = await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=KEY)
    assert second.json() == first.json()


async def test_a_key_is_forgotten_after_a_day(client, read, database, dataset):
    first = await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=KEY)
    await database.execute("update idempotent_request set created_at = created_at - interval '25 hours'")
    other = inference(dataset, name="another body")
    second = await client.post("/api/v1/jobs/inference/", json=other, headers=KEY)
    assert (second.status_code, second.json()["id"] != first.json()["id"]) == (201, True)
    third = await client.post("/api/v1/jobs/inference/", json=other, headers=KEY)
    assert third.json() == second.json()


async def test_expired_keys_are_swept_away(client, database, dataset):
    for number in range(3):
        headers = {"Idempotency-Key": str(number)}
        await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers=headers)
    await database.execute("update idempotent_request set created_at = now() - interval '25 hours' where key < '2'")
    requests = IdempotentRequestRepository(database)
    assert (await requests.delete_expired(), await requests.delete_expired()) == (2, 0)
    assert await database.fetch_value("select array_agg(key) from idempotent_request") == ["2"]


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_of_no_use_is_refused(client, read, dataset, key):
    answer = await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]


async def test_any_other_key_will_do(client, read, dataset):
    for key in ("k" * 255, "é".encode(), "a b\tc'; drop table job; --"):
        answers = [
            await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers={"Idempotency-Key": key})
            for _ in range(2)
        ]
        assert answers[0].status_code == 201 and answers[0].json() == answers[1].json()


async def upload(client, body: bytes = DIALOGUES.encode(), name: str = "dialogues.csv", headers=KEY):
    files = {"dataset": (name, body)}
    return await client.post("/api/v1/datasets/", files=files, data={"format": "job"}, headers=headers)


async def test_an_upload_sent_twice_is_one_dataset(client, read, store):
    first, second = await upload(client), await upload(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json() and first.headers["location"] == second.headers["location"]
    assert (await read("datasets/"))["total"] == 1
    assert len(store.objects) == 4


@pytest.mark.parametrize(("body", "name"), [(b"examples\nother\n", "dialogues.csv"), (DIALOGUES.encode(), "b.csv")])
async def test_another_upload_under_the_same_key_is_refused_and_leaves_nothing(client, read, store, body, name):
    await upload(client)
    answer = await upload(client, body, name)
    assert answer.status_code == 422 and "take a new key" in answer.json()["detail"]
    assert (await read("datasets/"))["total"] == 1
    assert len(store.objects) == 4


async def test_identical_uploads_at_once_are_one_dataset(client, read, store):
    answers = await asyncio.gather(*(upload(client) for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert (await read("datasets/"))["total"] == 1
    assert len(store.objects) == 4
