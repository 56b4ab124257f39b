"""Events of an execution's course, and runners that are lost."""

from typing import Any

import httpx
import pytest
from tests.integration.test_executions.conftest import count, snap, started

from touchstone.database.executor import Database
from touchstone.domains.test_executions.service import end_lost

EXECUTIONS = "/api/v1/test-executions"


def event(name: str, at: str = "2026-11-22T02:23:33", detail: str = "") -> dict[str, Any]:
    return {"event_name": name, "timestamp": at, "detail": detail}


@pytest.fixture
async def execution(recorder: httpx.AsyncClient) -> str:
    return f"{EXECUTIONS}/{await started(recorder, snap())}"


async def test_a_caller_without_permission_is_refused(client: httpx.AsyncClient, execution: str) -> None:
    path = f"{execution}/status_update"
    assert (await client.get(path)).status_code == 403
    assert (await client.put(path, json={"events": []})).status_code == 403
    assert (await client.post(path, json={"events": []})).status_code == 403


async def test_events_are_replaced_and_added_and_listed_by_time(recorder: httpx.AsyncClient, execution: str) -> None:
    path = f"{execution}/status_update"
    await recorder.put(path, json={"events": [event("gone")]})
    put = await recorder.put(path, json={"events": [event("job_start", "2026-11-22T05:00:00+03:00", "http://runner")]})
    posted = await recorder.post(path, json={"events": [event("late", "2026-11-22T03:00:00.5"), event("first", "5")]})
    assert (put.status_code, put.json(), posted.status_code, posted.json()) == (200, None, 200, None)
    listed = (await recorder.get(path)).json()
    assert [(one["event_name"], one["timestamp"]) for one in listed] == [
        ("first", "1970-01-01T00:00:05"),
        ("job_start", "2026-11-22T02:00:00"),
        ("late", "2026-11-22T03:00:00.500000"),
    ]


async def test_no_events_are_fine(recorder: httpx.AsyncClient, execution: str) -> None:
    path = f"{execution}/status_update"
    await recorder.post(path, json={"events": [event("one")]})
    assert (await recorder.post(path, json={"events": []})).status_code == 200
    assert (await recorder.put(path, json={"events": []})).status_code == 200
    assert (await recorder.get(path)).json() == []


async def test_the_first_event_says_where_it_ran(
    recorder: httpx.AsyncClient, execution: str, database: Database
) -> None:
    await recorder.put(f"{execution}/status_update", json={"events": [event("job_start", detail="http://runner/5")]})
    assert await database.fetch_value("select resource_url from test_execution") == "http://runner/5"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("IN_PROGRESS", "ENDED_PREMATURELY"),
        ("NOT_TESTED", "ENDED_PREMATURELY"),
        ("PASSED", "PASSED"),
        ("FAILED", "FAILED"),
    ],
)
async def test_a_last_event_that_the_job_ended_ends_what_has_no_verdict(
    recorder: httpx.AsyncClient, execution: str, before: str, after: str
) -> None:
    await recorder.patch(execution, json={"status": before})
    events = [event("job_end"), event("job_start"), event("job_end", detail="normal_exit")]
    await recorder.put(f"{execution}/status_update", json={"events": events})
    assert (await recorder.get(execution)).json()["status"] == after


async def test_a_job_end_that_is_not_last_ends_nothing(recorder: httpx.AsyncClient, execution: str) -> None:
    await recorder.put(f"{execution}/status_update", json={"events": [event("job_end"), event("more")]})
    assert (await recorder.get(execution)).json()["status"] == "IN_PROGRESS"


async def silence(database: Database, seconds: int) -> None:
    await database.execute("update test_execution set seen_at = now() - $1 * interval '1 second'", seconds)


async def test_an_execution_without_a_sign_of_life_is_ended_and_told_so(
    recorder: httpx.AsyncClient, execution: str, database: Database
) -> None:
    await silence(database, 60)
    assert await end_lost(database, 120) == 0
    assert await end_lost(database, 30) == 1
    assert await end_lost(database, 30) == 0
    assert (await recorder.get(execution)).json()["status"] == "ENDED_PREMATURELY"
    (told,) = (await recorder.get(f"{execution}/status_update")).json()
    assert (told["event_name"], told["detail"]) == ("runner_lost", "No sign of life for 30 s: ended by the service")
    assert await count(database, "outbox where event = 'execution.ended'") == 1


async def test_what_has_ended_is_left(recorder: httpx.AsyncClient, execution: str, database: Database) -> None:
    await recorder.patch(execution, json={"status": "NOT_TESTED"})
    await silence(database, 60)
    assert await end_lost(database, 30) == 0


async def test_any_write_is_a_sign_of_life(recorder: httpx.AsyncClient, execution: str, database: Database) -> None:
    writes: list[tuple[str, str, Any]] = [
        ("PATCH", "", {}),
        ("PATCH", "", {"c3_link": "http://c3.example.test"}),
        ("POST", "/links", {"label": "log", "url": "http://h"}),
        ("POST", "/status_update", {"events": []}),
        ("PUT", "/status_update", {"events": []}),
        ("POST", "/test-results", [{"name": "boots", "status": "PASSED"}]),
    ]
    for method, path, body in writes:
        await silence(database, 60)
        assert (await recorder.request(method, execution + path, json=body)).status_code == 200
        assert await end_lost(database, 30) == 0, (method, path)


async def test_many_lost_ones_are_ended_in_one_run(database: Database, recorder: httpx.AsyncClient) -> None:
    await started(recorder, snap())
    await database.execute(
        """
        insert into test_execution (artefact_build_id, environment_id, test_plan_id)
        select artefact_build_id, environment_id, test_plan_id from test_execution, generate_series(1, 1200)
        """
    )
    await silence(database, 60)
    assert await end_lost(database, 30) == 1201
