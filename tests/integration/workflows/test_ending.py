"""Cancelling, retrying and deleting workflows."""

import asyncio

import pytest
from tests.builders import workflow
from tests.fakes.runner import FAILS, LEAVES_NOTHING, SUCCEEDS


@pytest.fixture
def status(read):
    async def of(workflow_id: str) -> tuple[str, str | None]:
        details = await read(f"workflows/{workflow_id}")
        return details["status"], (details["failure_reason"] or {}).get("code")

    return of


@pytest.fixture
async def running(start, turn) -> str:
    """A workflow whose inference runs on."""
    created = await start(name="slow")
    for _ in range(3):
        await turn()
    return created["id"]


def succeeding(runner):
    async def succeed(_):
        return SUCCEEDS

    runner.script = succeed


async def test_a_cancelled_workflow_has_failed_and_its_job_is_stopped(running, ask, status, work, jobs_of, runner):
    details = await ask(running, "cancel")
    assert (details["status"], details["failure_reason"]["code"]) == ("failed", "cancelled")
    assert details["finished_at"]
    await work()
    job = (await jobs_of(running))["inference"]
    assert (job["status"], job["failure_reason"]["code"]) == ("stopped", "cancelled")
    assert {run.status for run in runner.runs.values()} == {"stopped"}
    assert await status(running) == ("failed", "cancelled")


async def test_a_workflow_that_waits_is_cancelled_before_anything_is_submitted(start, ask, work, jobs_of, runner):
    created = await start()
    await ask(created["id"], "cancel")
    await work()
    assert runner.submissions == []
    assert (await jobs_of(created["id"]))["inference"]["status"] == "stopped"


async def test_cancelling_again_changes_nothing(running, ask, work):
    await ask(running, "cancel")
    await work()
    first = await ask(running, "cancel")
    second = await ask(running, "cancel")
    assert first == second


async def test_a_workflow_that_has_ended_is_not_cancelled(start, ask, work, status):
    created = await start()
    await work()
    await ask(created["id"], "cancel")
    assert await status(created["id"]) == ("succeeded", None)


async def test_a_workflow_cancelled_between_its_jobs_evaluates_nothing(
    running, ask, work, turn, jobs_of, runner, status
):
    await ask(running, "cancel")
    await runner.finish(runner.submissions[0].id)
    await work()
    jobs = await jobs_of(running)
    assert set(jobs) == {"inference"} and jobs["inference"]["status"] == "succeeded"
    assert await status(running) == ("failed", "cancelled")


async def test_a_retry_keeps_the_inference_that_is_finished(start, ask, read, work, jobs_of, runner, status):
    created = await start()

    async def fail_evaluation(submission):
        return LEAVES_NOTHING if submission.metadata["job_type"] == "evaluator" else SUCCEEDS

    runner.script = fail_evaluation
    await work()
    assert await status(created["id"]) == ("failed", "results_missing")
    succeeding(runner)
    again = await ask(created["id"], "retry")
    assert (again["status"], again["failure_reason"], again["finished_at"]) == ("running", None, None)
    await work()
    assert await status(created["id"]) == ("succeeded", None)
    jobs = await jobs_of(created["id"])
    assert (jobs["inference"]["attempt"], jobs["evaluation"]["attempt"]) == (1, 2)
    assert [submission.metadata["job_type"] for submission in runner.submissions].count("inference") == 1


async def test_a_retry_after_a_failed_inference_runs_it_again(start, ask, work, jobs_of, runner, status):
    async def crash(_):
        return FAILS

    created = await start()
    runner.script = crash
    await work()
    succeeding(runner)
    await ask(created["id"], "retry")
    await work()
    jobs = await jobs_of(created["id"])
    assert (await status(created["id"]), jobs["inference"]["attempt"]) == (("succeeded", None), 4)


async def test_a_retry_after_a_cancellation_goes_on(running, ask, work, jobs_of, runner, status):
    await ask(running, "cancel")
    await work()
    succeeding(runner)
    await ask(running, "retry")
    await work()
    jobs = await jobs_of(running)
    assert (await status(running), jobs["inference"]["attempt"]) == (("succeeded", None), 2)


async def test_a_retry_after_a_cancellation_between_the_jobs_evaluates(running, ask, work, jobs_of, runner, status):
    """The inference ended well although its workflow was cancelled: only the evaluation is missing."""
    await ask(running, "cancel")
    await runner.finish(runner.submissions[0].id)
    await work()
    succeeding(runner)
    again = await ask(running, "retry")
    assert again["status"] == "running"
    await work()
    jobs = await jobs_of(running)
    assert await status(running) == ("succeeded", None)
    assert (jobs["inference"]["attempt"], jobs["evaluation"]["status"]) == (1, "succeeded")


async def test_a_retry_after_a_cancellation_that_came_too_late_has_succeeded(start, ask, turn, work, status, runner):
    """The evaluation ended well although its workflow was cancelled: nothing is missing."""
    created = await start()
    while len(runner.submissions) < 2:
        await turn()
    await ask(created["id"], "cancel")
    await runner.finish(runner.submissions[1].id)
    await work()
    assert await status(created["id"]) == ("failed", "cancelled")
    assert (await ask(created["id"], "retry"))["status"] == "succeeded"
    assert len(runner.submissions) == 2


async def test_a_retry_while_jobs_are_still_being_stopped_is_told_to_wait(running, client, ask, work, status, runner):
    await ask(running, "cancel")
    answer = await client.post(f"/api/v1/workflows/{running}/retry")
    assert answer.status_code == 409, answer.text
    assert answer.headers["retry-after"] == "1"
    await work()
    succeeding(runner)
    await ask(running, "retry")
    await work()
    assert await status(running) == ("succeeded", None)


@pytest.mark.parametrize("name", ["good", "slow"])
async def test_a_workflow_that_runs_or_has_succeeded_is_not_retried(start, ask, read, turn, name):
    created = await start(name=name)
    for _ in range(8):
        await turn()
    before = await read(f"workflows/{created['id']}")
    again = await ask(created["id"], "retry")
    assert (again["status"], again["updated_at"]) == (before["status"], before["updated_at"])


async def test_a_retry_whose_predictions_were_deleted_is_refused(start, client, work, jobs_of, read, runner):
    created = await start()

    async def fail_evaluation(submission):
        return LEAVES_NOTHING if submission.metadata["job_type"] == "evaluator" else SUCCEEDS

    runner.script = fail_evaluation
    await work()
    job_id = (await jobs_of(created["id"]))["inference"]["id"]
    made = (await read(f"jobs/{job_id}/dataset"))["id"]
    assert (await client.delete(f"/api/v1/datasets/{made}")).status_code == 204
    answer = await client.post(f"/api/v1/workflows/{created['id']}/retry")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"Dataset with ID {made} not found")
    assert (await read(f"workflows/{created['id']}"))["status"] == "failed"


async def test_a_job_of_a_workflow_is_not_retried_alone(start, client, work, jobs_of):
    created = await start(name="fail")
    await work()
    job_id = (await jobs_of(created["id"]))["inference"]["id"]
    answer = await client.post(f"/api/v1/jobs/{job_id}/retry")
    assert answer.status_code == 409 and created["id"] in answer.json()["detail"]


async def test_a_job_of_a_workflow_that_is_cancelled_alone_fails_it(running, client, work, jobs_of, status):
    job_id = (await jobs_of(running))["inference"]["id"]
    assert (await client.post(f"/api/v1/jobs/{job_id}/cancel")).status_code == 200
    await work()
    assert await status(running) == ("failed", "cancelled")


async def test_a_deleted_workflow_shows_its_former_state_and_is_gone(start, client, read, work):
    created = await start()
    await work()
    answer = await client.delete(f"/api/v1/workflows/{created['id']}")
    former = answer.json()
    assert (answer.status_code, former["id"], former["status"]) == (200, created["id"], "succeeded")
    assert former["jobs"] is former["metrics"] is former["parameters"] is former["artifacts_download_url"] is None
    for path in ("", "/result/download"):
        gone = await client.get(f"/api/v1/workflows/{created['id']}{path}")
        assert (gone.status_code, gone.json()["detail"]) == (404, f"Workflow with ID {created['id']} not found")
    assert (await client.delete(f"/api/v1/workflows/{created['id']}")).status_code == 404
    assert (await client.post(f"/api/v1/workflows/{created['id']}/retry")).status_code == 404
    assert (await client.post(f"/api/v1/workflows/{created['id']}/cancel")).status_code == 404


async def test_the_logs_of_a_deleted_workflow_can_still_be_read(start, client, read, work, runner):
    created = await start()
    await work()
    before = await read(f"workflows/{created['id']}/logs")
    await client.delete(f"/api/v1/workflows/{created['id']}")
    runner.runs.clear()
    assert before["logs"] and await read(f"workflows/{created['id']}/logs") == before


@pytest.mark.parametrize("workflow_id", ["0" * 32, "nonsense", "1"])
async def test_a_workflow_that_never_was_is_not_found(client, workflow_id):
    for path in ("", "/logs", "/result/download"):
        answer = await client.get(f"/api/v1/workflows/{workflow_id}{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, f"Workflow with ID {workflow_id} not found")


async def test_a_running_workflow_is_deleted_by_force_alone_and_its_job_stopped(running, client, work, jobs_of, runner):
    refused = await client.delete(f"/api/v1/workflows/{running}")
    assert (refused.status_code, refused.json()["detail"]) == (400, "Cannot delete a running workflow")
    answer = await client.delete(f"/api/v1/workflows/{running}?force=true")
    assert (answer.status_code, answer.json()["status"]) == (200, "running")
    await work()
    assert {run.status for run in runner.runs.values()} == {"stopped"}
    job = (await jobs_of(running))["inference"]
    assert (job["status"], job["failure_reason"]["code"]) == ("stopped", "workflow")


async def test_a_deleted_workflow_does_not_go_on_to_evaluate(running, client, work, jobs_of, runner):
    await client.delete(f"/api/v1/workflows/{running}?force=true")
    await runner.finish(runner.submissions[0].id)
    await work()
    assert set(await jobs_of(running)) == {"inference"}


async def test_a_waiting_workflow_may_be_deleted(start, client, work, runner):
    created = await start()
    assert (await client.delete(f"/api/v1/workflows/{created['id']}")).status_code == 200
    await work()
    assert runner.submissions == []


async def test_a_deleted_workflow_holds_its_dataset_no_more(start, client, work, dataset):
    created = await start()
    assert (await client.delete(f"/api/v1/datasets/{dataset}")).status_code == 409
    await client.delete(f"/api/v1/workflows/{created['id']}")
    await work()
    assert (await client.delete(f"/api/v1/datasets/{dataset}")).status_code == 204


async def test_cancelling_at_the_moment_of_an_end_hurts_neither(
    running, ask, status, parts, dispatcher, runner, database
):
    """Both sides move rows of workflow and job in one transaction: they must lock them in the same order."""
    advance = dispatcher.attempts.on_finished
    cancelling: list[asyncio.Task] = []

    async def cancel_meanwhile(transaction, job):
        cancelling.append(asyncio.create_task(ask(running, "cancel")))
        async with asyncio.timeout(10):
            while not await database.fetch_value("select exists (select from pg_locks where not granted)"):
                await asyncio.sleep(0.01)
        await advance(transaction, job)

    dispatcher.attempts.on_finished = cancel_meanwhile
    await runner.finish(runner.submissions[0].id)
    await parts.database.execute("update job set look_at = now()")
    await dispatcher.turn()
    details = await cancelling[0]
    assert (details["status"], details["failure_reason"]["code"]) == ("failed", "cancelled")
    statuses = await database.fetch_value("select json_object_agg(step, status) from job")
    assert statuses["inference"] == "succeeded"


async def test_workflows_are_listed_newest_first_with_links(start, client, read, experiment_id):
    created = [(await start(name=str(number)))["id"] for number in range(5)]
    listing = await read("workflows/?skip=1&limit=2")
    assert [item["id"] for item in listing["items"]] == created[3:1:-1]
    assert listing["total"] == 5
    seen: list[str] = []
    url: str | None = "/api/v1/workflows?limit=2"
    while url:
        answer = await client.get(url)
        seen += [item["id"] for item in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url")
        await client.post("/api/v1/workflows/", json=workflow(experiment_id, name="a newcomer"))
    assert seen == created[::-1]


async def test_deleted_workflows_are_not_listed(start, client, read):
    kept, gone = (await start())["id"], (await start())["id"]
    await client.delete(f"/api/v1/workflows/{gone}")
    listing = await read("workflows/")
    assert ([item["id"] for item in listing["items"]], listing["total"]) == ([kept], 1)


async def test_a_crash_of_every_attempt_fails_the_workflow(start, work, status, runner):
    async def crash(_):
        return FAILS

    runner.script = crash
    created = await start()
    await work()
    assert await status(created["id"]) == ("failed", "crashed")
    assert len(runner.submissions) == 3
