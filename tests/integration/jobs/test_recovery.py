"""Jobs reach their true end although workers die, the cluster forgets and crashes, and late attempts speak up."""

import datetime as dt

import msgspec
import pytest
from tests.builders import inference
from tests.fakes.runner import FAILS, LEAVES_NOTHING, RUNS_ON, SUCCEEDS

from touchstone.adapters.runner import RunStatus
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.jobs.repository import JobRepository
from touchstone_jobs import wire


@pytest.fixture
async def begun(submit, turn, dataset) -> str:
    """A job that was submitted and runs on until told otherwise."""
    job_id = (await submit(inference(dataset, name="a slow one", store_to_dataset=True)))["id"]
    for _ in range(3):
        await turn()
    return job_id


@pytest.fixture
def jobs(database) -> JobRepository:
    return JobRepository(database)


async def fates(runner, *wanted):
    """Attempt after attempt gets its own fate; the last one is for all that follow."""
    left = list(wanted)

    async def next_fate(_):
        return left.pop(0) if len(left) > 1 else left[0]

    runner.script = next_fate


async def test_a_worker_that_dies_after_submitting_is_followed_by_one_that_finds_the_run(
    submit, read, parts, dispatcher, work, runner, dataset
):
    job_id = (await submit(inference(dataset)))["id"]
    async with parts.database.transaction() as transaction:
        [job] = await JobRepository(transaction).claim_created("a dead worker", 60, 4)
    await dispatcher.attempts._hand_over(job)
    await work()
    assert (await read(f"jobs/{job_id}"))["status"] == "created", "the lease of the dead one still holds"
    await parts.database.execute("update job set leased_until = now() - interval '1 second'")
    await work()
    job = await read(f"jobs/{job_id}")
    assert (job["status"], job["attempt"]) == ("succeeded", 1)
    assert len(runner.submissions) == 1


async def test_steps_may_be_repeated_by_anyone_at_any_time(submit, read, jobs, dispatcher, runner, dataset):
    job_id = (await submit(inference(dataset, store_to_dataset=True)))["id"]
    stale = [await jobs.get(job_id, EVERYTHING)]
    await dispatcher.attempts.submit(stale[0])
    for _ in range(4):
        stale.append(await jobs.get(job_id, EVERYTHING))
        await dispatcher.attempts.follow(stale[-1])
    before = await read(f"jobs/{job_id}")
    assert before["status"] == "succeeded"
    for job in stale:
        await dispatcher.attempts.submit(job)
        await dispatcher.attempts.follow(job)
    assert await read(f"jobs/{job_id}") == before
    assert len(runner.submissions) == 1
    assert (await read("datasets/"))["total"] == 2


async def test_another_worker_takes_over_when_a_lease_ends(begun, read, parts, runner):
    first, second = parts.dispatcher(), parts.dispatcher()
    await parts.database.execute("update job set look_at = now()")
    [leased] = await JobRepository(parts.database).claim_submitted(first.worker, 60, 16)
    await runner.finish(f"{begun}-1")
    assert await second.turn() == 0
    await parts.database.execute("update job set leased_until = now() - interval '1 second'")
    assert await second.turn() == 1
    assert (await read(f"jobs/{begun}"))["status"] == "succeeded"
    await first.attempts.follow(leased)
    assert (await read("datasets/"))["total"] == 2


async def test_a_lease_is_given_back_by_its_holder_alone(begun, parts):
    jobs = JobRepository(parts.database)
    await parts.database.execute("update job set look_at = now()")
    await jobs.claim_submitted("one", 60, 16)
    await jobs.release(begun, "another", 0)
    assert await jobs.claim_submitted("another", 60, 16) == []
    await jobs.release(begun, "one", 0)
    assert len(await jobs.claim_submitted("another", 60, 16)) == 1


async def test_a_lost_run_is_submitted_again_as_the_next_attempt(begun, read, work, runner):
    await fates(runner, SUCCEEDS)
    runner.lose(f"{begun}-1")
    await work()
    job = await read(f"jobs/{begun}")
    assert (job["status"], job["attempt"], job["failure_reason"]) == ("succeeded", 2, None)
    assert [submission.id for submission in runner.submissions] == [f"{begun}-1", f"{begun}-2"]


async def test_a_run_that_is_lost_again_and_again_fails_with_the_reason(begun, read, turn, runner):
    for attempt in (1, 2, 3):
        job = await read(f"jobs/{begun}")
        assert (job["status"] != "failed", job["attempt"]) == (True, attempt)
        runner.lose(f"{begun}-{attempt}")
        for _ in range(3):
            await turn()
    job = await read(f"jobs/{begun}")
    assert (job["status"], job["attempt"], job["failure_reason"]["code"]) == ("failed", 3, "lost")


async def test_results_that_are_there_count_although_the_cluster_forgot_the_run(begun, read, turn, runner):
    await runner.finish(f"{begun}-1")
    runner.lose(f"{begun}-1")
    await turn()
    job = await read(f"jobs/{begun}")
    assert (job["status"], job["attempt"]) == ("succeeded", 1)
    assert (await read(f"jobs/{begun}/dataset"))["row_count"] == 2


async def test_a_crash_without_an_outcome_is_tried_again(begun, read, work, runner):
    runner.runs[f"{begun}-1"].fate = FAILS
    await fates(runner, FAILS, SUCCEEDS)
    await runner.finish(f"{begun}-1")
    await work()
    job = await read(f"jobs/{begun}")
    assert (job["status"], job["attempt"]) == ("succeeded", 3)


async def test_a_job_that_crashes_every_time_fails_and_says_what_its_driver_said(begun, read, work, runner):
    runner.runs[f"{begun}-1"].fate = FAILS
    await fates(runner, msgspec.structs.replace(FAILS, prints="Segmentation fault\n"))
    await runner.finish(f"{begun}-1")
    await work()
    job = await read(f"jobs/{begun}")
    assert (job["status"], job["attempt"], job["failure_reason"]["code"]) == ("failed", 3, "crashed")
    assert "Segmentation fault" in job["failure_reason"]["message"]


async def test_a_crash_whose_last_words_hold_a_nul_still_ends_the_job(begun, read, work, runner):
    runner.runs[f"{begun}-1"].fate = FAILS
    await fates(runner, msgspec.structs.replace(FAILS, prints=r"C:\u0000 " + "core\x00dumped\n"))
    await runner.finish(f"{begun}-1")
    await work()
    job = await read(f"jobs/{begun}")
    assert job["status"] == "failed"
    assert r"C:\u0000 " + "core\ufffddumped" in job["failure_reason"]["message"]


async def test_an_outcome_that_holds_a_nul_still_ends_the_job(begun, read, work, runner, store):
    await _write_outcome(store, begun, failure=wire.FailureReason(code="bad_row", message="row \x00 is bad"))
    runner.runs[f"{begun}-1"].fate = FAILS
    await runner.finish(f"{begun}-1")
    await work()
    job = await read(f"jobs/{begun}")
    assert (job["status"], job["failure_reason"]) == ("failed", {"code": "bad_row", "message": "row \ufffd is bad"})


async def test_an_unreadable_outcome_counts_as_none(begun, read, work, runner, store):
    await store.put(f"jobs/work/{begun}/1/outcome.json", b'{"attempt": 1, "succee')
    runner.runs[f"{begun}-1"].fate = FAILS
    await fates(runner, SUCCEEDS)
    await runner.finish(f"{begun}-1")
    await work()
    assert (await read(f"jobs/{begun}"))["attempt"] == 2


async def test_a_run_that_ends_well_without_results_has_failed(begun, read, work, runner):
    runner.runs[f"{begun}-1"].fate = LEAVES_NOTHING
    await runner.finish(f"{begun}-1")
    await work()
    job = await read(f"jobs/{begun}")
    assert (job["status"], job["failure_reason"]["code"]) == ("failed", "results_missing")


async def test_attempts_wait_longer_and_longer(begun, parts, runner):
    dispatcher = parts.dispatcher()
    await fates(runner, FAILS)
    waits: list[float] = []
    runner.lose(f"{begun}-1")
    await parts.database.execute("update job set look_at = now()")
    await dispatcher.turn()
    waits.append(await _seconds_to_wait(parts))
    await parts.database.execute("update job set look_at = now()")
    await dispatcher.turn()
    runner.lose(f"{begun}-2")
    await parts.database.execute("update job set look_at = now()")
    await dispatcher.turn()
    waits.append(await _seconds_to_wait(parts))
    assert 0 < waits[0] <= 1 < waits[1] <= 2


async def test_a_late_lower_attempt_has_no_effect(begun, read, jobs, turn, work, runner, store, dispatcher):
    late = await jobs.get(begun, EVERYTHING)
    await fates(runner, RUNS_ON)
    run = runner.runs[f"{begun}-1"]
    runner.lose(f"{begun}-1")
    for _ in range(4):
        await turn()
    assert (await jobs.get(begun, EVERYTHING)).attempt == 2
    await runner.finish(f"{begun}-2")
    await work()
    before, log = await read(f"jobs/{begun}"), await read(f"jobs/{begun}/logs")
    place = f"jobs/results/a-slow-one/{begun}/results.json"
    results = await store.get(place)
    assert before["status"] == "succeeded"

    runner.runs[f"{begun}-1"] = run
    run.printed += "I am late\n"
    await runner.finish(f"{begun}-1")
    await store.put(f"jobs/work/{begun}/1/results.json", b'{"metrics":{},"artifacts":{},"parameters":{"late":1}}')
    await dispatcher.attempts.follow(late)

    assert await read(f"jobs/{begun}") == before
    assert await read(f"jobs/{begun}/logs") == log
    assert await store.get(place) == results
    assert (await read("datasets/"))["total"] == 2


async def test_what_a_late_attempt_tells_while_the_next_one_runs_is_not_taken(
    begun, read, jobs, turn, runner, dispatcher
):
    late = await jobs.get(begun, EVERYTHING)
    await fates(runner, RUNS_ON)
    run = runner.runs[f"{begun}-1"]
    runner.lose(f"{begun}-1")
    for _ in range(4):
        await turn()
    runner.runs[f"{begun}-1"] = run
    await runner.finish(f"{begun}-1")
    await dispatcher.attempts.follow(late)
    job = await read(f"jobs/{begun}")
    assert (job["status"] in ("pending", "running"), job["attempt"], job["progress"]) == (True, 2, None)


async def test_a_run_stopped_on_the_cluster_by_somebody_else_is_stopped(begun, read, work, runner):
    await runner.stop(f"{begun}-1")
    await work()
    job = await read(f"jobs/{begun}")
    assert (job["status"], job["failure_reason"]["code"]) == ("stopped", "stopped")


async def test_the_run_of_an_attempt_moves_the_job_forward_only(begun, jobs):
    job = await jobs.get(begun, EVERYTHING)
    assert job.run is not None and job.status == "running"
    stale = msgspec.structs.replace(job.run, status=RunStatus.PENDING, started_at=dt.datetime.now(dt.UTC))
    await jobs.note_run_if_active(job.id, 1, stale)
    assert (await jobs.get(begun, EVERYTHING)).status == "running"


async def _write_outcome(store, job_id: str, **fields) -> None:
    outcome = wire.Outcome(attempt=1, succeeded=False, progress=wire.Progress(), **fields)
    await store.put(f"jobs/work/{job_id}/1/{wire.OUTCOME_FILE}", msgspec.json.encode(outcome))


async def _seconds_to_wait(parts) -> float:
    return await parts.database.fetch_value("select extract(epoch from look_at - now())::float8 from job")


async def test_a_worker_that_comes_late_with_a_timeout_leaves_the_next_attempt_alone(
    begun, client, jobs, turn, work, runner, parts, dispatcher
):
    await parts.database.execute("update job set submitted_at = submitted_at - interval '1 day', timeout_seconds = 60")
    late = await jobs.get(begun, EVERYTHING)
    assert late.is_overdue
    await work()
    assert (await client.post(f"/api/v1/jobs/{begun}/retry")).status_code == 200
    retried = await jobs.get(begun, EVERYTHING)
    await dispatcher.attempts.follow(late)
    assert await jobs.get(begun, EVERYTHING) == retried
    for _ in range(3):
        await turn()
    job = await jobs.get(begun, EVERYTHING)
    assert (job.attempt, job.status, job.stop_reason) == (2, "running", None)
