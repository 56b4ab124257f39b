"""How many jobs are submitted at once, whose turn it is, and that in the end everybody's comes."""

import asyncio

import pytest
from tests.builders import experiment, inference, workflow
from tests.conftest import replaced
from tests.fakes.runner import RUNS_ON

from touchstone.assembly import assemble
from touchstone.domains.jobs.repository import JobRepository


async def run_on(_):
    return RUNS_ON


@pytest.fixture
def at_most(settings, runner, store):
    """A worker's parts with a bound on submitted jobs."""

    def with_bound(count: int):
        return assemble(replaced(settings, ray_max_submitted=count), runner=runner, store=store)

    return with_bound


async def test_no_more_jobs_are_submitted_than_the_cluster_takes(submit, read, turn, runner, dataset):
    runner.script = run_on
    for _ in range(7):
        await submit(inference(dataset))
    for _ in range(4):
        await turn()
    assert len(runner.submissions) == 4, "two jobs for each of two CPUs"
    statuses = [job["status"] for job in (await read("jobs/"))["items"]]
    assert statuses == ["created"] * 3 + ["running"] * 4
    await runner.finish(runner.submissions[0].id)
    await turn()
    await turn()
    assert len(runner.submissions) == 5


async def test_several_workers_at_once_keep_the_bound_together(submit, parts, at_most, runner, dataset):
    runner.script = run_on
    await asyncio.gather(*(submit(inference(dataset)) for _ in range(12)))
    bounded = at_most(5)
    async with bounded.opened():
        dispatchers = [bounded.dispatcher() for _ in range(6)]
        for _ in range(3):
            await asyncio.gather(*(dispatcher.turn() for dispatcher in dispatchers))
            await parts.database.execute("update job set look_at = now()")
    assert len(runner.submissions) == 5


async def test_a_job_that_is_being_submitted_counts(submit, parts, at_most, runner, dataset):
    for _ in range(3):
        await submit(inference(dataset))
    async with parts.database.transaction() as transaction:
        assert len(await JobRepository(transaction).claim_created("one", 60, 2)) == 2
    async with parts.database.transaction() as transaction:
        assert await JobRepository(transaction).claim_created("another", 60, 2) == []


async def test_while_the_cluster_does_not_say_its_size_a_few_jobs_are_tried(submit, turn, runner, dataset, monkeypatch):
    runner.script = run_on
    for _ in range(5):
        await submit(inference(dataset))
    runner.go_down()
    await turn()
    runner.come_back()
    await turn()
    assert 0 < len(runner.submissions) <= 4


async def test_an_experiment_with_many_workflows_does_not_keep_others_waiting(client, submit, turn, runner, dataset):
    runner.script = run_on
    crowded, quiet = [await experiment(client, dataset) for _ in range(2)]
    for name in [crowded] * 6 + [quiet]:
        created = await client.post("/api/v1/workflows/", json=workflow(name, name=f"of {name}"))
        assert created.status_code == 201
    lone = (await submit(inference(dataset, name="of nobody")))["id"]
    await turn()
    names = [submission.metadata["name"] for submission in runner.submissions]
    assert sorted(names) == sorted([f"of {crowded}-inference"] * 2 + [f"of {quiet}-inference", "of nobody"]), (
        "the first of each, then whoever waits longest"
    )
    assert any(submission.id.startswith(lone) for submission in runner.submissions)


async def test_within_an_experiment_the_oldest_comes_first(client, turn, runner, dataset):
    runner.script = run_on
    number = await experiment(client, dataset)
    for place in range(6):
        await client.post("/api/v1/workflows/", json=workflow(number, name=str(place)))
    await turn()
    assert sorted(submission.metadata["name"] for submission in runner.submissions) == [
        f"{place}-inference" for place in range(4)
    ]


async def test_who_has_least_submitted_comes_next(client, turn, runner, dataset):
    runner.script = run_on
    first, second = [await experiment(client, dataset) for _ in range(2)]
    for _ in range(6):
        await client.post("/api/v1/workflows/", json=workflow(first, name="first"))
    await turn()
    await client.post("/api/v1/workflows/", json=workflow(second, name="second"))
    await runner.stop(runner.submissions[0].id)
    await turn()
    await turn()
    assert runner.submissions[-1].metadata["name"] == "second-inference"


async def test_two_hundred_jobs_posted_at_once_all_end(submit, read, at_most, parts, runner, dataset):
    jobs = await asyncio.gather(*(submit(inference(dataset, name=f"job {number}")) for number in range(200)))
    bounded = at_most(20)
    async with bounded.opened():
        dispatchers = [bounded.dispatcher() for _ in range(2)]
        for _ in range(120):
            if all(await asyncio.gather(*(_is_idle(dispatcher) for dispatcher in dispatchers))):
                break
            await parts.database.execute("update job set look_at = now() where look_at > now()")
    listing = await read("jobs/?limit=1000")
    assert {job["status"] for job in listing["items"]} == {"succeeded"}
    assert listing["total"] == len(jobs) == 200
    assert len(runner.submissions) == 200


async def _is_idle(dispatcher) -> bool:
    return await dispatcher.turn() == 0
