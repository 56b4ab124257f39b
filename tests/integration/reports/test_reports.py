"""`/reports`: what was tested, as CSV."""

import ast
import asyncio
import csv
import datetime as dt
import io
from typing import Any

import httpx
import pytest
from tests import people
from tests.artefacts import add_artefact, add_build, add_environment, add_review
from tests.conftest import replaced, serving
from tests.recording import add_execution

from touchstone.database.executor import Database
from touchstone.domains.reports.model import EXECUTION_COLUMNS, RESULT_COLUMNS
from touchstone.settings import Settings

RESULTS = "/api/v1/reports/test-results"
EXECUTIONS = "/api/v1/reports/test-executions"
READING_SECONDS = 20


@pytest.fixture
async def reader(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await people.as_user(client, database, "view_report")


async def rows_of(client: httpx.AsyncClient, path: str, **query: str) -> list[dict[str, str]]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def add_result(database: Database, execution: int, name: str = "boots", status: str = "PASSED", **at: Any) -> int:
    return await database.fetch_value(
        """
        with tested as (
            insert into test_case (name, category, template_id) values ($2, 'power', 'template')
            on conflict (name) do update set category = excluded.category returning id
        )
        insert into test_result (test_execution_id, test_case_id, status, created_at)
        select $1, id, $3, coalesce($4, now()) from tested returning id
        """,
        execution,
        name,
        status,
        at.get("at"),
    )


async def reviewed_execution(database: Database, *, family: str = "snap", **changes: Any) -> int:
    """On an artefact of its own, with a review."""
    artefact = await add_artefact(database, family, **changes)
    build = await add_build(database, artefact)
    await add_review(database, build, "laptop")
    return await execution_on(database, build)


async def execution_on(database: Database, build: int) -> int:
    environment = await add_environment(database, "laptop")
    return await database.fetch_value(
        """
        with plan as (
            insert into test_plan (name) values ('smoke')
            on conflict (name) do update set name = excluded.name returning id
        )
        insert into test_execution (artefact_build_id, environment_id, test_plan_id) select $1, $2, id from plan
        returning id
        """,
        build,
        environment,
    )


@pytest.mark.parametrize("path", [RESULTS, EXECUTIONS])
async def test_reports_are_for_those_who_may_see_them(path: str, settings: Settings, database: Database) -> None:
    async with serving(replaced(settings, ignore_permissions=())) as closed:
        for client in closed, await people.as_user(closed, database, "view_test"):
            assert (await client.get(path, params={"start_date": "never"})).status_code == 403
        assert (await (await people.as_user(closed, database, "view_report")).get(path)).status_code == 200


@pytest.mark.parametrize(("path", "columns"), [(RESULTS, RESULT_COLUMNS), (EXECUTIONS, EXECUTION_COLUMNS)])
async def test_a_report_of_nothing_is_its_header(
    path: str, columns: tuple[str, ...], reader: httpx.AsyncClient
) -> None:
    answer = await reader.get(path)
    assert answer.text == ",".join(columns) + "\r\n"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


async def test_a_report_is_also_where_old_scripts_look_for_it(reader: httpx.AsyncClient) -> None:
    assert (await reader.get("/v1/reports/test-results")).text.startswith("Artefact.family,")


async def test_a_result_is_shown_with_all_around_it(reader: httpx.AsyncClient, database: Database) -> None:
    execution = await add_execution(database, name="core", version="7", stage="beta", track="latest", store="ubuntu")
    at = dt.datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=dt.UTC)
    await database.execute("update artefact set created_at = $1", at)
    await add_result(database, execution, "boots", "FAILED", at=at)
    (row,) = await rows_of(reader, RESULTS)
    artefact = await database.fetch_value("select id from artefact")
    assert row == {
        "Artefact.family": "snap",
        "Artefact.id": str(artefact),
        "Artefact.name": "core",
        "Artefact.version": "7",
        "Artefact.status": "UNDECIDED",
        "Artefact.track": "latest",
        "Artefact.stage": "beta",
        "Artefact.series": "",
        "Artefact.repo": "",
        "Artefact.os": "",
        "Artefact.created_at": "2026-03-04 05:06:07.000890",
        "TestExecution.id": str(execution),
        "TestExecution.status": "IN_PROGRESS",
        "TestExecution.c3_link": "",
        "TestExecution.checkbox_version": "",
        "TestPlan.name": "smoke",
        "Environment.name": "laptop",
        "Environment.architecture": "amd64",
        "TestCase.template_id": "template",
        "TestCase.name": "boots",
        "TestCase.category": "power",
        "TestResult.status": "FAILED",
        "TestResult.created_at": "2026-03-04 05:06:07.000890",
    }


async def test_an_execution_is_shown_with_its_review_and_events(reader: httpx.AsyncClient, database: Database) -> None:
    execution = await reviewed_execution(database, version="7")
    await database.execute(
        "update environment_review set review_decision = $1, review_comment = 'as ever'",
        ["REJECTED", "APPROVED_FAULTY_HARDWARE"],
    )
    await database.execute(
        """
        insert into test_event (test_execution_id, event_name, at, detail) values
            ($1, 'job_end', '2026-03-04 05:06:08+00', e'it\\'s "over"\\n\\\\'),
            ($1, 'job_start', '2026-03-04 05:06:07.89+00', 'it''s on')
        """,
        execution,
    )
    (row,) = await rows_of(reader, EXECUTIONS)
    assert tuple(row) == EXECUTION_COLUMNS
    assert row["ArtefactBuildEnvironmentReview.review_decision"] == (
        "[<ArtefactBuildEnvironmentReviewDecision.REJECTED: 'REJECTED'>, "
        "<ArtefactBuildEnvironmentReviewDecision.APPROVED_FAULTY_HARDWARE: 'APPROVED_FAULTY_HARDWARE'>]"
    )
    assert row["ArtefactBuildEnvironmentReview.review_comment"] == "as ever"
    events = [
        {"event_name": "job_start", "timestamp": "2026-03-04 05:06:07:890", "detail": "it's on"},
        {"event_name": "job_end", "timestamp": "2026-03-04 05:06:08:000", "detail": 'it\'s "over"\n\\'},
    ]
    assert row["TestEvents"] == repr(events)
    assert ast.literal_eval(row["TestEvents"]) == events


async def test_an_execution_without_events_and_decisions_shows_empty_lists(
    reader: httpx.AsyncClient, database: Database
) -> None:
    await reviewed_execution(database)
    (row,) = await rows_of(reader, EXECUTIONS)
    assert row["TestEvents"] == "[]"
    assert row["ArtefactBuildEnvironmentReview.review_decision"] == "[]"


async def test_an_execution_without_a_review_is_not_in_the_report(
    reader: httpx.AsyncClient, database: Database
) -> None:
    await add_execution(database)
    assert await rows_of(reader, EXECUTIONS) == []


async def test_both_ends_of_a_range_count_and_offsets_are_honoured(
    reader: httpx.AsyncClient, database: Database
) -> None:
    for day, version in enumerate(("1", "2", "3"), start=1):
        execution = await reviewed_execution(database, version=version)
        await add_result(database, execution)
        at = dt.datetime(2026, 3, day, tzinfo=dt.UTC)
        await database.execute("update artefact set created_at = $1 where version = $2", at, version)
        await database.execute("update test_execution set created_at = $1 where id = $2", at, execution)
    for path in RESULTS, EXECUTIONS:
        rows = await rows_of(reader, path, start_date="2026-03-01T00:00:00", end_date="2026-03-02T02:00:00+02:00")
        assert [row["Artefact.version"] for row in rows] == ["1", "2"]
        assert len(await rows_of(reader, path)) == 3


async def test_what_is_to_come_is_not_in_a_report_without_an_end(reader: httpx.AsyncClient, database: Database) -> None:
    await add_result(database, await reviewed_execution(database, age_days=-1))
    assert await rows_of(reader, RESULTS) == []
    assert len(await rows_of(reader, RESULTS, end_date="9999-12-31")) == 1


async def test_rows_are_in_the_order_of_executions_and_results(reader: httpx.AsyncClient, database: Database) -> None:
    executions = [await reviewed_execution(database) for _ in range(3)]
    for execution in reversed(executions):
        for name in "second", "first":
            await add_result(database, execution, name)
    shown = [(row["TestExecution.id"], row["TestCase.name"]) for row in await rows_of(reader, RESULTS)]
    assert shown == [(str(execution), name) for execution in executions for name in ("second", "first")]
    shown = [row["TestExecution.id"] for row in await rows_of(reader, EXECUTIONS)]
    assert shown == [str(execution) for execution in executions]


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
async def test_a_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(
    beginning: str, reader: httpx.AsyncClient, database: Database
) -> None:
    formula = f"{beginning}HYPERLINK(1)"
    await add_result(database, await reviewed_execution(database, version=formula), name=formula)
    (row,) = await rows_of(reader, RESULTS)
    assert row["TestCase.name"] == row["Artefact.version"] == f"'{formula}"
    (row,) = await rows_of(reader, EXECUTIONS)
    assert row["Artefact.version"] == f"'{formula}"


async def test_other_texts_come_as_they_are(reader: httpx.AsyncClient, database: Database) -> None:
    name = 'two\nlines, "quoted" = 1\r\n\u00e4 \\n'
    await add_result(database, await reviewed_execution(database), name=name)
    answer = await reader.get(RESULTS)
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert row["TestCase.name"] == name
    assert answer.text.endswith("\r\n") and answer.text.startswith(",".join(RESULT_COLUMNS) + "\r\n")


async def test_models_are_shown_to_who_accepts_extensions(client: httpx.AsyncClient, database: Database) -> None:
    await add_result(database, await reviewed_execution(database, family="model"))
    _, old = await people.add_application(database, permissions=["view_report"])
    _, new = await people.add_application(database, permissions=["view_report"], accepts_extensions=True)
    for path in RESULTS, EXECUTIONS:
        assert await rows_of(people.with_key(client, old), path) == []
        assert len(await rows_of(people.with_key(client, new), path)) == 1


async def test_closing_a_copy_ends_it_in_the_database(database: Database) -> None:
    """As when a client goes away."""
    pieces = database.copy_out("select repeat('x', 1000) from generate_series(1, 10000000)")
    assert await anext(pieces)
    await pieces.aclose()
    async with asyncio.timeout(READING_SECONDS):
        while await database.fetch_value(
            "select count(*) from pg_stat_activity where state = 'active' and query ilike 'copy%'"
        ):
            await asyncio.sleep(0.01)
    assert await database.fetch_value("select 1") == 1


async def test_copies_beyond_those_that_fit_wait_for_one_to_end(database: Database) -> None:
    going_on = [database.copy_out("select generate_series(1, 1000000)") for _ in range(database.size // 2)]
    for pieces in going_on:
        await anext(pieces)
    another = asyncio.create_task(anext(database.copy_out("select 7")))
    assert await database.fetch_value("select 1") == 1
    assert not another.done()
    for pieces in going_on:
        await pieces.aclose()
    assert await asyncio.wait_for(another, READING_SECONDS) == b"7\n"
