"""A job that the service itself stumbles over is tried for a while, ever more seldom, and then has failed."""

import pytest
from tests.builders import experiment, inference, workflow
from tests.fakes.object_store import MemoryStore

from touchstone.domains.jobs.dispatcher import MOST_BROKEN_LOOKS

PLEASE_SEE_THE_LOG = "The service met an error of its own (KeyError) at every look at the job; see its log."


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def break_reads(store):
    """Whatever is read of an attempt meets an error that nobody foresaw; the function answered mends it."""
    usual = store.get

    def begin():
        async def broken(*_, **__):
            raise KeyError("a secret that must not be told")

        store.get = broken

        def mend():
            store.get = usual

        return mend

    return begin


async def test_a_job_that_can_never_be_submitted_fails_after_a_bounded_number_of_looks(
    submit, read, turn, parts, runner, dataset
):
    job_id = (await submit(inference(dataset)))["id"]
    await parts.database.execute("update job set config = '{}'")
    for _ in range(MOST_BROKEN_LOOKS):
        assert (await _ended(parts, job_id)) is None
        assert await turn() == 1
    assert await turn() == 0
    status, failure = await _ended(parts, job_id)
    assert (status, failure) == ("failed", {"code": "service_error", "message": PLEASE_SEE_THE_LOG})
    assert runner.submissions == []


async def test_a_job_that_can_no_longer_be_followed_fails_and_its_run_is_stopped(
    submit, read, turn, runner, dataset, break_reads
):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    for _ in range(3):
        await turn()
    break_reads()
    for _ in range(MOST_BROKEN_LOOKS):
        assert (await read(f"jobs/{job_id}"))["status"] == "running"
        await turn()
    job = await read(f"jobs/{job_id}")
    assert (job["status"], job["failure_reason"]["message"]) == ("failed", PLEASE_SEE_THE_LOG)
    assert runner.runs[f"{job_id}-1"].status == "stopped"


async def test_its_workflow_fails_with_it(client, read, turn, dataset, break_reads):
    answer = await client.post("/api/v1/workflows/", json=workflow(await experiment(client, dataset)))
    break_reads()
    for _ in range(MOST_BROKEN_LOOKS + 4):
        await turn()
    found = await read(f"workflows/{answer.json()['id']}")
    assert found["status"] == "failed"
    assert "an error of its own" in found["failure_reason"]["message"]


async def test_one_good_look_forgives_the_bad_ones(submit, read, turn, runner, dataset, break_reads):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    for _ in range(3):
        await turn()
    for _ in range(2):
        mend = break_reads()
        for _ in range(MOST_BROKEN_LOOKS - 1):
            await turn()
        mend()
        await turn()
    assert (await read(f"jobs/{job_id}"))["status"] == "running"


async def test_the_looks_become_rarer(submit, parts, turn, dataset, break_reads):
    await submit(inference(dataset))
    await parts.database.execute("update job set config = '{}'")
    waits = []
    for _ in range(4):
        await turn()
        waits.append(await parts.database.fetch_value("select extract(epoch from look_at - now())::float8 from job"))
    assert [0 < wait <= longest for wait, longest in zip(waits, (2, 4, 8, 16), strict=True)] == [True] * 4
    assert waits == sorted(waits)


async def test_a_job_that_was_given_up_may_be_retried_and_succeed(
    submit, read, client, turn, work, dataset, break_reads
):
    job_id = (await submit(inference(dataset)))["id"]
    mend = break_reads()
    for _ in range(MOST_BROKEN_LOOKS + 4):
        await turn()
    assert (await read(f"jobs/{job_id}"))["status"] == "failed"
    mend()
    assert (await client.post(f"/api/v1/jobs/{job_id}/retry")).status_code == 200
    await work()
    assert (await read(f"jobs/{job_id}"))["status"] == "succeeded"


async def _ended(parts, job_id):
    """Its status and reason, from the row: the API does not show a config that is broken."""
    return await parts.database.fetch_value(
        "select json_build_array(status, failure_reason) from job where id = $1 and finished_at is not null", job_id
    )
