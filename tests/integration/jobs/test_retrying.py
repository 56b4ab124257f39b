"""Retrying jobs that have ended badly."""

import pytest
from tests.builders import inference
from tests.fakes.runner import FAILS, SUCCEEDS


@pytest.fixture
def retry(client):
    async def post(job_id: str) -> dict:
        answer = await client.post(f"/api/v1/jobs/{job_id}/retry")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


async def test_each_retry_is_another_attempt(retry, read, submit, work, runner, dataset):
    job_id = (await submit(inference(dataset, name="fail")))["id"]
    for attempt in (1, 2, 3):
        await work()
        job = await read(f"jobs/{job_id}")
        assert (job["status"], job["attempt"]) == ("failed", attempt)
        again = await retry(job_id)
        assert (again["status"], again["attempt"]) == ("created", attempt + 1)
        assert again["failure_reason"] is again["finished_at"] is again["end_time"] is again["started_at"] is None
    assert [submission.id for submission in runner.submissions] == [f"{job_id}-{attempt}" for attempt in (1, 2, 3)]


async def test_a_stopped_job_that_is_retried_may_succeed(client, retry, read, submit, turn, work, runner, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    await turn()
    await client.post(f"/api/v1/jobs/{job_id}/cancel")
    await work()
    await retry(job_id)
    runner.script = _succeed
    await work()
    job = await read(f"jobs/{job_id}")
    assert (job["status"], job["attempt"], job["failure_reason"]) == ("succeeded", 2, None)


async def _succeed(_):
    return SUCCEEDS


@pytest.mark.parametrize("name", ["a good one", "a slow one"])
async def test_a_job_that_runs_or_has_succeeded_is_left_alone(retry, read, submit, turn, dataset, name):
    job_id = (await submit(inference(dataset, name=name)))["id"]
    for _ in range(4):
        await turn()
    before = await read(f"jobs/{job_id}")
    assert before["status"] in ("running", "succeeded")
    assert await retry(job_id) == before


async def test_a_waiting_job_is_left_alone(retry, submit, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    assert (await retry(job_id))["attempt"] == 1


async def test_the_log_goes_on_where_the_earlier_attempt_ended(retry, read, submit, work, dataset):
    job_id = (await submit(inference(dataset, name="fail")))["id"]
    await work()
    await retry(job_id)
    await work()
    text = (await read(f"jobs/{job_id}/logs"))["logs"]
    assert [line for line in text.splitlines() if line.startswith("Attempt")] == [
        f"Attempt {attempt} of job {job_id} begins" for attempt in (1, 2)
    ]


async def test_a_job_whose_dataset_was_deleted_cannot_be_retried(client, submit, work, dataset):
    job_id = (await submit(inference(dataset, name="fail")))["id"]
    await work()
    assert (await client.delete(f"/api/v1/datasets/{dataset}")).status_code == 204
    answer = await client.post(f"/api/v1/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"Dataset with ID {dataset} not found")


async def test_a_retried_job_has_its_full_number_of_automatic_attempts_again(
    retry, read, submit, work, runner, dataset
):
    job_id = (await submit(inference(dataset, name="crash")))["id"]
    runner.script = _crash
    await work()
    assert (await read(f"jobs/{job_id}"))["attempt"] == 3
    await retry(job_id)
    await work()
    assert (await read(f"jobs/{job_id}"))["attempt"] == 6


async def _crash(_):
    return FAILS


async def test_an_unknown_job_cannot_be_retried(client):
    answer = await client.post("/api/v1/jobs/00000000-0000-4000-8000-000000000000/retry")
    assert answer.status_code == 404
