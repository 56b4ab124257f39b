"""Systems that do not answer: the cluster, the object store. Jobs wait, lose no attempt, and go on."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.builders import inference
from tests.fakes.object_store import MemoryStore
from tests.fakes.runner import SUCCEEDS

from touchstone.errors import Refused


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def until_succeeded(read, turn) -> Callable[[str], Awaitable[dict]]:
    async def look(job_id: str) -> dict:
        for _ in range(10):
            job = await read(f"jobs/{job_id}")
            if job["status"] == "succeeded":
                return job
            await turn()
        raise AssertionError(job)

    return look


@pytest.mark.parametrize("turns", range(5))
async def test_a_job_waits_for_the_cluster_at_any_point_of_its_way(
    submit, read, turn, until_succeeded, runner, dataset, turns
):
    job_id = (await submit(inference(dataset)))["id"]
    for _ in range(turns):
        await turn()
    before = (await read(f"jobs/{job_id}"))["status"]
    runner.go_down()
    for _ in range(3):
        await turn()
    assert (await read(f"jobs/{job_id}"))["status"] == before
    runner.come_back()
    assert (await until_succeeded(job_id))["attempt"] == 1


@pytest.mark.parametrize("turns", range(5))
async def test_a_job_waits_for_the_store_at_any_point_of_its_way(
    submit, read, turn, until_succeeded, store, runner, dataset, turns
):
    job_id = (await submit(inference(dataset, store_to_dataset=True)))["id"]
    for _ in range(turns):
        await turn()
    runner.looks_advance = False
    before = (await read(f"jobs/{job_id}"))["status"]
    store.unavailable = "no answer in time"
    for _ in range(3):
        await turn()
    assert (await read(f"jobs/{job_id}"))["status"] == before
    store.unavailable = None
    runner.looks_advance = True
    job = await until_succeeded(job_id)
    assert job["attempt"] == 1
    assert (await read(f"jobs/{job_id}/dataset"))["row_count"] == 2


async def test_results_wait_in_the_store_until_it_answers(submit, read, turn, until_succeeded, store, runner, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    for _ in range(3):
        await turn()
    await runner.finish(f"{job_id}-1")
    store.unavailable = "no answer in time"
    for _ in range(3):
        await turn()
    assert (await read(f"jobs/{job_id}"))["status"] == "running"
    store.unavailable = None
    await until_succeeded(job_id)


async def test_one_job_that_cannot_be_looked_at_holds_up_no_other(submit, read, work, parts, runner, dataset):
    good, bad = [(await submit(inference(dataset, name=name)))["id"] for name in ("good", "bad")]
    await parts.database.execute("update job set config = '{}' where id = $1", bad)
    dispatcher = parts.dispatcher()
    for _ in range(6):
        await parts.database.execute("update job set look_at = now() where id = $1", good)
        await dispatcher.turn()
    assert (await read(f"jobs/{good}"))["status"] == "succeeded"


async def test_a_submission_that_the_cluster_refuses_fails_the_job_with_its_words(submit, read, work, runner, dataset):
    class TooLongForRay(Refused):
        """The cluster takes no such thing"""

    async def refuse(_):
        raise TooLongForRay

    job_id = (await submit(inference(dataset)))["id"]
    runner.script = refuse
    await work()
    job = await read(f"jobs/{job_id}")
    assert (job["status"], job["failure_reason"]) == (
        "failed",
        {"code": "submission_refused", "message": "The cluster takes no such thing"},
    )


async def test_a_store_that_is_down_is_named_in_the_answer(client, store, dataset):
    store.unavailable = "no answer in time"
    answer = await client.get(f"/api/v1/datasets/{dataset}/download")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Upstream error with object store: no answer in time"
    upload = await client.post(
        "/api/v1/datasets/", files={"dataset": ("a.csv", b"examples\na\n")}, data={"format": "job"}
    )
    assert upload.status_code == 503


async def test_jobs_are_accepted_while_cluster_and_store_are_down(
    client, submit, store, runner, until_succeeded, dataset
):
    store.unavailable = "no answer in time"
    runner.go_down()
    job_id = (await submit(inference(dataset)))["id"]
    store.unavailable = None
    runner.come_back()
    await until_succeeded(job_id)


async def test_the_loop_survives_what_it_meets_and_ends_when_told(submit, read, parts, runner, dataset):
    dispatcher, stop = parts.dispatcher(), asyncio.Event()
    runner.go_down()
    running = asyncio.create_task(dispatcher.run(stop))
    job_id = (await submit(inference(dataset)))["id"]
    runner.script = _succeed
    try:
        async with asyncio.timeout(20):
            while not await parts.database.fetch_value("select look_at > created_at from job"):
                await asyncio.sleep(0.02)
            runner.come_back()
            while (await read(f"jobs/{job_id}"))["status"] != "succeeded":
                await parts.database.execute("update job set look_at = now() where look_at > now()")
                dispatcher.hint.set()
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)


async def _succeed(_):
    return SUCCEEDS
