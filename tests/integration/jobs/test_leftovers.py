"""What the attempts of ended jobs worked with goes after a while; what they made stays."""

import io

import pyarrow.parquet
import pytest
from tests.builders import experiment, inference, workflow
from tests.fakes.object_store import MemoryStore

from touchstone.domains.jobs.leftovers import JobLeftovers
from touchstone.errors import Unavailable

KEPT_DAYS = 14


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def leftovers(parts) -> JobLeftovers:
    return parts.job_leftovers()


@pytest.fixture
def let_days_pass(parts):
    async def pass_by(days: int) -> None:
        await parts.database.execute("update job set finished_at = finished_at - $1 * interval '1 day'", days)

    return pass_by


def work_of(store, job_id) -> list[str]:
    return [key for key in store.objects if key.startswith(f"jobs/work/{job_id}/")]


async def test_the_work_of_jobs_that_ended_long_ago_is_removed(
    leftovers, client, work, read, store, dataset, let_days_pass
):
    answer = await client.post("/api/v1/workflows/", json=workflow(await experiment(client, dataset)))
    await work()
    workflow_id = answer.json()["id"]
    before = await read(f"workflows/{workflow_id}")
    jobs = [job["id"] for job in before["jobs"]]
    assert len(jobs) == 2
    assert all(work_of(store, job_id) for job_id in jobs)
    await let_days_pass(KEPT_DAYS + 1)
    assert await leftovers.remove_old(KEPT_DAYS) == 2
    assert [key for key in store.objects if key.startswith("jobs/work/")] == []
    assert await read(f"workflows/{workflow_id}") == before
    for job_id in jobs:
        assert any(key.startswith("jobs/results/") and job_id in key for key in store.objects)


async def test_work_is_kept_while_a_retry_may_still_want_it(leftovers, submit, work, store, dataset, let_days_pass):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    await let_days_pass(KEPT_DAYS - 1)
    assert await leftovers.remove_old(KEPT_DAYS) == 0
    assert work_of(store, job_id)


async def test_jobs_that_go_on_keep_their_work(leftovers, submit, turn, store, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    for _ in range(3):
        await turn()
    assert await leftovers.remove_old(0) == 0
    assert work_of(store, job_id)


async def test_each_job_is_seen_to_once_and_again_after_a_retry(
    leftovers, client, submit, work, store, dataset, let_days_pass
):
    job_id = (await submit(inference(dataset, name="fail at first")))["id"]
    await work()
    for _ in range(2):
        await let_days_pass(KEPT_DAYS + 1)
        assert await leftovers.remove_old(KEPT_DAYS) == 1
        assert await leftovers.remove_old(KEPT_DAYS) == 0
        await client.post(f"/api/v1/jobs/{job_id}/retry")
        await work()
        assert work_of(store, job_id)


async def test_a_retry_while_its_work_is_being_removed_keeps_what_it_writes(
    leftovers, client, submit, work, turn, store, dataset, let_days_pass
):
    job_id = (await submit(inference(dataset, name="fail at first")))["id"]
    await work()
    await let_days_pass(KEPT_DAYS + 1)
    usual = leftovers.leftovers.is_still_ended

    async def retry_first(leftover):
        await client.post(f"/api/v1/jobs/{job_id}/retry")
        await turn()
        return await usual(leftover)

    leftovers.leftovers.is_still_ended = retry_first
    await leftovers.remove_old(KEPT_DAYS)
    assert f"jobs/work/{job_id}/1/outcome.json" in store.objects
    assert f"jobs/work/{job_id}/2/config.json" in store.objects


async def test_a_store_that_is_down_leaves_it_to_the_next_sweep(leftovers, submit, work, store, dataset, let_days_pass):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    await let_days_pass(KEPT_DAYS + 1)
    store.unavailable = "no answer in time"
    with pytest.raises(Unavailable):
        await leftovers.remove_old(KEPT_DAYS)
    store.unavailable = None
    assert await leftovers.remove_old(KEPT_DAYS) == 1
    assert work_of(store, job_id) == []


async def test_the_scores_of_each_row_lie_beside_the_results_and_stay(
    leftovers, submit, work, store, dataset, let_days_pass
):
    body = {"name": "an evaluation", "dataset": dataset, "job_config": {"job_type": "evaluator", "metrics": ["rouge"]}}
    job_id = (await submit(body, "evaluator"))["id"]
    await work()
    await let_days_pass(KEPT_DAYS + 1)
    await leftovers.remove_old(KEPT_DAYS)
    kept = sorted(key.rpartition("/")[2] for key in store.objects if key.startswith("jobs/results/") and job_id in key)
    assert kept == ["results.json", "scores.parquet"]
    body = next(body for key, body in store.objects.items() if key.endswith(f"{job_id}/scores.parquet"))
    table = pyarrow.parquet.read_table(io.BytesIO(body))
    assert table.num_rows == 2
    assert len(set(table["key"].to_pylist())) == 2
