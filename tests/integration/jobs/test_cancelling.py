"""Cancelling jobs in each of their states, and the timeouts that do the same by themselves."""

import pytest
from tests.builders import inference

from touchstone.domains.jobs.repository import JobRepository


@pytest.fixture
def cancel(client):
    async def post(job_id: str) -> dict:
        answer = await client.post(f"/api/v1/jobs/{job_id}/cancel")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


@pytest.fixture
def outdate(database):
    """Moves the submission so far back that the timeout has passed."""

    async def shift(job_id: str) -> None:
        await database.execute(
            "update job set submitted_at = submitted_at - (timeout_seconds + 1) * interval '1 second' where id = $1",
            job_id,
        )

    return shift


async def test_a_job_that_nobody_took_up_is_stopped_at_once(cancel, submit, work, runner, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    job = await cancel(job_id)
    assert job["status"] == "stopped" and job["finished_at"]
    assert job["failure_reason"]["code"] == "cancelled"
    await work()
    assert runner.submissions == []


async def test_a_running_job_is_stopped_on_the_cluster(cancel, read, submit, turn, work, runner, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    for _ in range(3):
        await turn()
    assert (await cancel(job_id))["status"] == "running"
    await work()
    job = await read(f"jobs/{job_id}")
    assert (job["status"], job["failure_reason"]["code"], job["attempt"]) == ("stopped", "cancelled", 1)
    assert runner.runs[f"{job_id}-1"].status == "stopped"


async def test_cancelling_again_changes_nothing(cancel, read, submit, turn, work, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    await turn()
    await cancel(job_id)
    await cancel(job_id)
    await work()
    first = await read(f"jobs/{job_id}")
    assert await cancel(job_id) == first


@pytest.mark.parametrize(("name", "status"), [("a good one", "succeeded"), ("fail", "failed")])
async def test_a_job_that_has_ended_is_left_alone(cancel, submit, work, dataset, name, status):
    job_id = (await submit(inference(dataset, name=name)))["id"]
    await work()
    assert (await cancel(job_id))["status"] == status


async def test_a_job_that_ends_well_before_the_stop_arrives_has_succeeded(
    cancel, read, submit, turn, work, runner, dataset
):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    await turn()
    await cancel(job_id)
    await runner.finish(f"{job_id}-1")
    await work()
    assert (await read(f"jobs/{job_id}"))["status"] == "succeeded"


async def test_an_unknown_job_cannot_be_cancelled(client):
    answer = await client.post("/api/v1/jobs/00000000-0000-4000-8000-000000000000/cancel")
    assert answer.status_code == 404


async def test_a_job_cancelled_while_the_cluster_is_away_is_stopped_when_it_is_back(
    cancel, read, submit, turn, work, runner, dataset
):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    await turn()
    runner.go_down()
    await cancel(job_id)
    await turn()
    assert (await read(f"jobs/{job_id}"))["status"] == "pending"
    runner.come_back()
    await work()
    assert (await read(f"jobs/{job_id}"))["status"] == "stopped"


async def test_a_submission_that_its_worker_did_not_live_to_note_is_stopped_too(
    cancel, read, submit, work, runner, parts, dispatcher, dataset
):
    """The worker died between handing the job over and writing that down, and its lease ran out."""
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    async with parts.database.transaction() as transaction:
        [job] = await JobRepository(transaction).claim_created("a dead worker", 60, 4)
    await dispatcher.attempts._hand_over(job)
    await parts.database.execute("update job set leased_until = now() - interval '1 second'")
    await cancel(job_id)
    await work()
    assert (await read(f"jobs/{job_id}"))["status"] == "stopped"
    assert runner.runs[f"{job_id}-1"].status == "stopped"


async def test_a_submission_whose_answer_was_lost_is_stopped_too(cancel, read, submit, turn, work, runner, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    submit_really = runner.submit

    async def lose_the_answer(submission):
        await submit_really(submission)
        runner.go_down()
        await runner.look(submission.id)

    runner.submit = lose_the_answer
    await turn()
    runner.submit = submit_really
    await cancel(job_id)
    runner.come_back()
    await work()
    assert (await read(f"jobs/{job_id}"))["status"] == "stopped"
    assert runner.runs[f"{job_id}-1"].status == "stopped"


async def test_a_job_is_stopped_after_its_timeout(read, submit, turn, work, outdate, dataset):
    job_id = (await submit({**inference(dataset, name="a slow one"), "job_timeout_sec": 5}))["id"]
    await turn()
    await turn()
    assert (await read(f"jobs/{job_id}"))["status"] in ("pending", "running")
    await outdate(job_id)
    await work()
    job = await read(f"jobs/{job_id}")
    assert (job["status"], job["failure_reason"]["code"]) == ("stopped", "timeout")


async def test_a_job_without_a_timeout_of_its_own_takes_that_of_the_settings(
    submit, turn, work, read, database, dataset
):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    assert await database.fetch_value("select timeout_seconds from job where id = $1", job_id) == 86400


async def test_time_spent_waiting_does_not_count(read, submit, turn, database, dataset):
    job_id = (await submit({**inference(dataset, name="a slow one"), "job_timeout_sec": 5}))["id"]
    await database.execute("update job set created_at = created_at - interval '1 day'")
    await turn()
    await turn()
    assert (await read(f"jobs/{job_id}"))["status"] in ("pending", "running")
