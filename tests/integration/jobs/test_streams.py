"""Logs and events as they come, and where they go on after a break."""

from collections.abc import Callable

import pytest
from tests.builders import inference
from tests.conftest import serving
from tests.integration.jobs.event_stream import listening


@pytest.fixture
def app(client):
    return client._transport.app


@pytest.fixture
async def slow(submit, turn, dataset, runner) -> tuple[str, Callable[[str], None]]:
    """A job that runs on, and how to make it print."""
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    for _ in range(3):
        await turn()
    run = runner.runs[f"{job_id}-1"]
    run.printed = ""
    await turn()

    def prints(text: str) -> None:
        run.printed += text

    return job_id, prints


async def test_the_log_of_a_running_job_comes_as_it_grows_until_its_end(app, slow, turn, runner, database):
    job_id, prints = slow
    await database.execute("delete from job_log")
    await database.execute("update job set log_size = 0, attempt_log_size = 0")
    async with listening(app, f"/api/v1/jobs/{job_id}/logs?follow=true") as stream:
        prints("one 🐊\n")
        await turn()
        first = await stream.next()
        assert stream.status == 200 and stream.headers["content-type"].startswith("text/event-stream")
        prints("two\n")
        await turn()
        second = await stream.next()
        await runner.finish(f"{job_id}-1")
        await turn()
        last = await stream.rest()
    assert first and second
    assert (first.kind, first.id, first.data) == ("log", "6", "one 🐊\n")
    assert (second.kind, second.id, second.data) == ("log", "10", "two\n")
    assert [event.kind for event in last] == ["end"]


@pytest.mark.parametrize(
    ("after", "rest"), [(None, "onetwo"), ("0", "onetwo"), ("2", "etwo"), ("6", ""), ("x", "onetwo")]
)
async def test_the_log_goes_on_after_the_last_event_id(app, submit, work, dataset, database, after, rest):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    await database.execute("delete from job_log")
    for position, text in ((0, "one"), (3, "two")):
        await database.execute(
            "insert into job_log (job_id, position, text) values ($1, $2, $3)", job_id, position, text
        )
    async with listening(app, f"/api/v1/jobs/{job_id}/logs?follow=true", last_event_id=after) as stream:
        events = await stream.rest()
    assert "".join(event.data for event in events if event.kind == "log") == rest
    assert (events[-1].kind, events[-1].id) == ("end", "6")


async def test_a_log_longer_than_one_page_of_chunks_comes_whole(app, submit, work, dataset, database):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    await database.execute("delete from job_log")
    await database.execute(
        "insert into job_log (job_id, position, text) select $1, at * 2, 'ab' from generate_series(0, 1499) as at",
        job_id,
    )
    async with listening(app, f"/api/v1/jobs/{job_id}/logs?follow=true") as stream:
        events = await stream.rest()
    assert "".join(event.data for event in events if event.kind == "log") == "ab" * 1500


async def test_events_tell_every_move_and_then_end(app, submit, work, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    async with listening(app, f"/api/v1/jobs/{job_id}/events") as stream:
        events = await stream.rest()
    told = [event.data["data"]["status"] for event in events if event.kind == "status"]
    assert told == ["created", "pending", "running", "succeeded"]
    assert events[-1].kind == "end"
    numbers = [int(event.id) for event in events]
    assert numbers == sorted(numbers)


async def test_events_of_a_running_job_arrive_as_they_happen(app, slow, turn, store):
    job_id, _ = slow
    async with listening(app, f"/api/v1/jobs/{job_id}/events") as stream:
        for _ in ("created", "pending", "running"):
            await stream.next()
        await store.put(f"jobs/work/{job_id}/1/progress.json", b'{"done":1,"total":2}')
        await turn()
        event = await stream.next()
    assert event and event.kind == "progress"
    assert event.data["data"] == {"done": 1, "total": 2, "failed": 0, "rate_per_second": 0.0}


async def test_events_go_on_at_another_instance_of_the_service(app, slow, turn, runner, settings, store):
    """A restart of the service in the middle of a stream loses and repeats nothing."""
    job_id, _ = slow
    path = f"/api/v1/jobs/{job_id}/events"
    async with listening(app, path) as stream:
        before = [await stream.next(), await stream.next()]
    await runner.finish(f"{job_id}-1")
    await turn()
    async with serving(settings, runner, store) as restarted:
        async with listening(restarted._transport.app, path, last_event_id=before[-1].id) as stream:  # pyright: ignore
            after = await stream.rest()
    told = [event.data["data"]["status"] for event in [*before, *after] if event and event.kind == "status"]
    assert told == ["created", "pending", "running", "succeeded"]


async def test_a_listener_that_goes_away_leaves_nothing_behind(app, slow, database):
    job_id, _ = slow
    for _ in range(30):
        async with listening(app, f"/api/v1/jobs/{job_id}/events") as stream:
            await stream.next()
    busy = await database.fetch_value(
        "select count(*) from pg_stat_activity where application_name = 'touchstone' and state = 'active' "
        "and pid <> pg_backend_pid()"
    )
    assert busy == 0
