"""Two executions that differ in everything searches ask for: each filter finds the one, its opposite the other."""

import base64
import datetime as dt
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import pytest
from tests import people
from tests.conftest import replaced, serving
from tests.recording import add_execution, add_issue, attach

from touchstone.database.executor import Database
from touchstone.domains.families.model import FAMILIES
from touchstone.domains.filters.schemas import TestExecutionSearchFilters
from touchstone.domains.shapes.issues import SOURCES
from touchstone.domains.shapes.results import RESULT_SOURCES, TestResultResponse, result_json
from touchstone.domains.shapes.shown import SHOWN, Shown
from touchstone.domains.test_executions.search_repository import TestExecutionSearchRepository
from touchstone.domains.test_executions.search_schemas import TestExecutionSearchResponse
from touchstone.domains.test_results.search_schemas import TestResultSearchResponseWithContext
from touchstone.settings import Settings

RESULTS, EXECUTIONS = "/api/v1/test-results", "/api/v1/test-executions"
MARCH, APRIL, MAY = (dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in (3, 4, 5))


class Recorded(msgspec.Struct):
    """`old` is of March, `new` of May; each has one result."""

    old: int
    new: int
    old_result: int
    new_result: int
    issue: int
    reviewer: int


async def add_result(
    database: Database, execution: int, case: str, status: str, at: dt.datetime, template: str = "", log: str = ""
) -> int:
    return await database.fetch_value(
        """
        with tested as (
            insert into test_case (name, template_id) values ($2, $5)
            on conflict (name) do update set name = excluded.name returning id
        ), result as (
            insert into test_result (test_execution_id, test_case_id, status, created_at)
            select $1, id, $3, $4 from tested returning id
        ), printed as (insert into test_result_log select id, $6 from result where $6 <> '')
        select id from result
        """,
        execution,
        case,
        status,
        at,
        template,
        log,
    )


@pytest.fixture
async def recorded(database: Database) -> Recorded:
    old = await add_execution(
        database,
        name="core",
        version="1",
        stage="beta",
        environment="laptop",
        plan="smoke",
        metadata={"kernel": ["6.8"]},
    )
    new = await add_execution(
        database,
        family="deb",
        name="curl",
        version="2",
        stage="proposed",
        track="",
        environment="cloud",
        plan="full",
        metadata={"kernel": ["6.9"], "lab": ["south"]},
    )
    await database.execute(
        "update test_execution set status = 'PASSED', created_at = $2, updated_at = $2 where id = $1", old, MARCH
    )
    await database.execute("update test_execution set created_at = $2, updated_at = $2 where id = $1", new, MAY)
    old_result = await add_result(database, old, "boots", "PASSED", MARCH)
    new_result = await add_result(database, new, "sleeps", "FAILED", MAY, "template", 'panic "here"\n')
    issue, reviewer = await add_issue(database), await people.add_user(database)
    await attach(database, issue, new_result)
    await database.execute("insert into artefact_reviewer select id, $1 from artefact where name = 'curl'", reviewer)
    await database.execute("update artefact set is_archived = true where name = 'curl'")
    await database.execute(
        """
        insert into rerun_request (test_plan_id, artefact_build_id, environment_id, priority)
        select test_plan_id, artefact_build_id, environment_id, 3 from test_execution where id = $1
        """,
        new,
    )
    await database.execute(
        "insert into test_event (test_execution_id, event_name, at) values ($1, 'job_end', now())", new
    )
    return Recorded(old, new, old_result, new_result, issue, reviewer)


def pair(category: str, value: str) -> str:
    return ":".join(base64.b64encode(text.encode()).decode() for text in (category, value))


# of both searches: what finds the old one only, and what the new one only
OF_BOTH: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "families": ({"families": "snap"}, {"families": ["deb", "charm"]}),
    "artefacts": ({"artefacts": "core"}, {"artefacts": ["curl", "other"]}),
    "artefact_versions": ({"artefact_versions": "1"}, {"artefact_versions": "2"}),
    "artefact_stages": ({"artefact_stages": "beta"}, {"artefact_stages": "proposed"}),
    "artefact_tracks": ({"artefact_tracks": "latest"}, {"artefact_tracks": ""}),
    "artefact_is_archived": ({"artefact_is_archived": "no"}, {"artefact_is_archived": "true"}),
    "environments": ({"environments": "laptop"}, {"environments": "cloud"}),
    "test_plans": ({"test_plans": "smoke"}, {"test_plans": "full"}),
    "test_execution_statuses": ({"test_execution_statuses": "PASSED"}, {"test_execution_statuses": "IN_PROGRESS"}),
    "reviewer_ids": ({"reviewer_ids": "none"}, {"reviewer_ids": "any"}),
    "assignee_ids": ({"assignee_ids": "none"}, {"assignee_ids": ["any", "any"]}),
    "rerun_is_requested": ({"rerun_is_requested": "false"}, {"rerun_is_requested": "1"}),
    "execution_metadata": (
        {"execution_metadata": pair("kernel", "6.8")},
        {"execution_metadata": [pair("kernel", "6.9"), pair("kernel", "5"), pair("lab", "south")]},
    ),
    "dates": ({"until_date": "2026-03-01T00:00:00"}, {"from_date": "2026-05-01T03:00:00+03:00"}),
    "two of them": ({"artefacts": "core", "environments": "laptop"}, {"families": "deb", "test_plans": "full"}),
}
OF_RESULTS: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "test_cases": ({"test_cases": "boots"}, {"test_cases": ["sleeps", "flies"]}),
    "template_ids": ({"template_ids": ""}, {"template_ids": "template"}),
    "issues": ({"issues": "none"}, {"issues": "any"}),
    "test_result_statuses": ({"test_result_statuses": "PASSED"}, {"test_result_statuses": ["FAILED", "SKIPPED"]}),
    "issues and cases": ({"issues": "none", "test_cases": "boots"}, {"issues": "any", "test_cases": "sleeps"}),
    "issues and artefacts": ({"issues": "none", "artefacts": "core"}, {"issues": "any", "artefacts": "curl"}),
    "statuses and artefacts": (
        {"test_result_statuses": "PASSED", "artefacts": "core"},
        {"test_result_statuses": "FAILED", "artefact_versions": "2"},
    ),
    "cases and artefacts": (
        {"test_cases": "boots", "artefacts": "core"},
        {"template_ids": "template", "families": "deb"},
    ),
    "dates and issues": ({"issues": "none", "until_date": "2026-04-01"}, {"issues": "any", "from_date": "2026-04-01"}),
}
OF_EXECUTIONS: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "event_names": ({"event_names": "none"}, {"event_names": ["job_end", "job_start"]}),
    "any event": ({"event_names": ["any", "none"]}, {"event_names": ["none", "any"]}),
}


async def found(client: httpx.AsyncClient, path: str, params: Mapping[str, Any], **headers: str) -> Any:
    answer = await client.get(path, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def results(page: Any) -> list[int]:
    return [one["test_result"]["id"] for one in page["test_results"]]


def executions(page: Any) -> list[int]:
    return [one["id"] for one in page["test_executions"]]


@pytest.fixture
async def closed(settings: Settings) -> Any:
    async with serving(replaced(settings, ignore_permissions=())) as client:
        yield client


@pytest.fixture
async def viewer(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await people.as_user(client, database, "view_test")


@pytest.mark.parametrize("path", [RESULTS, EXECUTIONS])
async def test_a_search_is_for_who_may_view_tests(path: str, closed: httpx.AsyncClient, database: Database) -> None:
    refused = await closed.get(path, params={"limit": "many"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "Insufficient permissions")
    viewer = await people.as_user(closed, database, "view_test")
    assert (await viewer.get(path)).status_code == 200


@pytest.mark.parametrize("filters", [*OF_BOTH.values(), *OF_RESULTS.values()], ids=[*OF_BOTH, *OF_RESULTS])
async def test_results_are_found_by(
    filters: tuple[Mapping[str, Any], Mapping[str, Any]], viewer: httpx.AsyncClient, recorded: Recorded
) -> None:
    for params, result in zip(filters, (recorded.old_result, recorded.new_result), strict=True):
        page = await found(viewer, RESULTS, params)
        assert (results(page), page["count"]) == ([result], 1)
        assert results(await found(viewer, RESULTS, params, Prefer="count=none")) == [result]


@pytest.mark.parametrize("filters", [*OF_BOTH.values(), *OF_EXECUTIONS.values()], ids=[*OF_BOTH, *OF_EXECUTIONS])
async def test_executions_are_found_by(
    filters: tuple[Mapping[str, Any], Mapping[str, Any]], viewer: httpx.AsyncClient, recorded: Recorded
) -> None:
    for params, execution in zip(filters, (recorded.old, recorded.new), strict=True):
        page = await found(viewer, EXECUTIONS, params)
        assert (executions(page), page["count"]) == ([execution], 1)


async def test_ids_of_issues_and_reviewers_are_looked_for(viewer: httpx.AsyncClient, recorded: Recorded) -> None:
    for params in {"issues": [recorded.issue, 0]}, {"reviewer_ids": recorded.reviewer}:
        assert results(await found(viewer, RESULTS, params)) == [recorded.new_result]
        assert results(await found(viewer, RESULTS, {**params, "artefacts": "core"})) == []


async def test_only_the_latest_execution_of_a_group(
    viewer: httpx.AsyncClient, recorded: Recorded, database: Database
) -> None:
    later = await add_execution(database, name="core", version="1", environment="laptop", plan="smoke")
    result = await add_result(database, later, "boots", "PASSED", APRIL)
    page = await found(viewer, RESULTS, {"execution_is_latest": True})
    assert results(page) == [recorded.new_result, result]
    assert executions(await found(viewer, EXECUTIONS, {"execution_is_latest": False})) == [recorded.old]


async def test_executions_are_asked_for_by_their_results(
    viewer: httpx.AsyncClient, recorded: Recorded, database: Database
) -> None:
    empty = await add_execution(database, name="empty")
    other = await add_result(database, recorded.old, "sleeps", "PASSED", APRIL)
    assert executions(await found(viewer, EXECUTIONS, {})) == [recorded.new, recorded.old]
    assert executions(await found(viewer, EXECUTIONS, {"test_result": "any"})) == [recorded.new, recorded.old]
    without = await found(viewer, EXECUTIONS, {"test_result": "none"})
    assert (executions(without), without["test_executions"][0]["test_results"]) == ([empty], [])
    page = await found(viewer, EXECUTIONS, {"test_result": [other, 0]})
    assert executions(page) == [recorded.old]
    assert [one["id"] for one in page["test_executions"][0]["test_results"]] == [other]


async def test_what_is_found_is_what_the_contract_says(viewer: httpx.AsyncClient, recorded: Recorded) -> None:
    page = msgspec.convert(await found(viewer, RESULTS, {}), TestResultSearchResponseWithContext)
    assert (page.count, page.limit, page.offset) == (2, 50, 0)
    newest = page.test_results[0]
    assert newest.test_result.issues[0].issue.id == recorded.issue
    assert (newest.artefact.name, newest.artefact_build.architecture) == ("curl", "amd64")
    assert (newest.test_execution.rerun_priority, newest.test_result.previous_results) == (3, [])
    answered = msgspec.convert(await found(viewer, EXECUTIONS, {}), TestExecutionSearchResponse)
    assert answered.test_executions[0].test_results == [newest.test_result]
    assert answered.test_executions[0].artefact == newest.artefact


async def test_results_of_executions_are_written_as_results_are_everywhere(
    database: Database, recorded: Recorded
) -> None:
    shown = Shown(FAMILIES, SOURCES)
    page = await TestExecutionSearchRepository(database).list_newest(TestExecutionSearchFilters(), shown, limit=50)
    written = {
        one["id"]: one for execution in msgspec.json.decode(page.executions) for one in execution["test_results"]
    }
    everywhere: list[Any] = await database.fetch_value(
        SHOWN + " select json_agg(" + result_json() + ") from " + RESULT_SOURCES, *shown.words
    )
    assert written == {one["id"]: one for one in everywhere}
    assert msgspec.convert(everywhere, list[TestResultResponse])


async def test_an_empty_page_still_counts(viewer: httpx.AsyncClient, recorded: Recorded) -> None:
    for path, name in (RESULTS, "test_results"), (EXECUTIONS, "test_executions"):
        page = await found(viewer, path, {"limit": 0, "offset": 1})
        assert page == {"count": 2, "limit": 0, "offset": 1, name: []}
        assert (await found(viewer, path, {"limit": 0, "artefacts": "core"}))["count"] == 1


@pytest.mark.parametrize(("path", "of"), [(RESULTS, results), (EXECUTIONS, executions)])
@pytest.mark.parametrize("params", [{}, {"artefacts": ["core", "curl"]}])
async def test_cursors_lead_through_all(
    path: str, of: Any, params: dict[str, Any], viewer: httpx.AsyncClient, recorded: Recorded
) -> None:
    answer = await viewer.get(path, params={**params, "limit": 1}, headers={"Prefer": "count=none"})
    seen = of(answer.json())
    assert answer.json()["count"] is None
    assert answer.headers["Preference-Applied"] == "count=none"
    while "next" in answer.links:
        answer = await viewer.get(answer.links["next"]["url"])
        seen += of(answer.json())
    assert seen == ([recorded.new_result, recorded.old_result] if of is results else [recorded.new, recorded.old])
    assert of(await found(viewer, path, {**params, "limit": 1, "offset": 1})) == seen[1:]


@pytest.mark.parametrize(
    "way", [{}, {"test_plans": "many"}, {"template_ids": ""}, {"issues": "any"}, {"issues": "none"}]
)
async def test_pages_by_any_way_are_one_list(
    way: dict[str, Any], viewer: httpx.AsyncClient, database: Database
) -> None:
    issue = await add_issue(database)
    for number in range(4):
        execution = await add_execution(database, name=f"artefact {number}", plan="many")
        for case in range(5):
            at = MARCH + dt.timedelta(hours=case * 7 % 3, minutes=number % 2)
            result = await add_result(database, execution, f"case {case}", "FAILED", at)
            if way.get("issues") == "any":
                await attach(database, issue, result)
    whole = await found(viewer, RESULTS, {**way, "limit": 1000})
    assert (len(results(whole)), whole["count"]) == (20, 20)
    keys = [(one["test_result"]["created_at"], one["test_result"]["id"]) for one in whole["test_results"]]
    assert keys == sorted(keys, reverse=True)
    pieces = [await found(viewer, RESULTS, {**way, "limit": 3, "offset": offset}) for offset in range(0, 20, 3)]
    assert [one for piece in pieces for one in results(piece)] == results(whole)
    answer, walked = await viewer.get(RESULTS, params={**way, "limit": 3}), list[int]()
    while True:
        walked += results(answer.json())
        if "next" not in answer.links:
            break
        answer = await viewer.get(answer.links["next"]["url"])
    assert walked == results(whole)


async def test_who_does_not_know_a_family_is_not_shown_it(viewer: httpx.AsyncClient, database: Database) -> None:
    execution = await add_execution(database, family="model", name="llama")
    result = await add_result(database, execution, "speaks", "PASSED", MARCH)
    for params in {}, {"test_cases": "speaks"}, {"artefacts": "llama"}, {"issues": "none"}:
        page = await found(viewer, RESULTS, params)
        assert (results(page), page["count"]) == ([], 0)
    assert executions(await found(viewer, EXECUTIONS, {})) == []
    assert results(await found(viewer, RESULTS, {"families": "model"})) == [result]


@pytest.mark.parametrize(
    ("path", "params", "detail"),
    [
        (
            EXECUTIONS,
            {"event_names": ["any", "job_end"]},
            "Cannot combine reserved values 'any'/'none' with specific filter values.",
        ),
        (
            RESULTS,
            {"execution_metadata": "abc"},
            "Invalid execution metadata format: 'abc'. Expected base64 encoded 'category:value'.",
        ),
        (RESULTS, {"execution_metadata": "a:b"}, "Invalid base64 encoding in execution metadata: 'a:b'."),
        (
            EXECUTIONS,
            {"execution_metadata": ":YQ=="},
            "Invalid execution metadata format: ':YQ=='. Both category and value must be non-empty.",
        ),
    ],
)
async def test_what_cannot_be_asked_is_said(
    path: str, params: dict[str, Any], detail: str, viewer: httpx.AsyncClient
) -> None:
    answer = await viewer.get(path, params=params)
    assert (answer.status_code, answer.json()["detail"]) == (422, detail)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (RESULTS, {"issues": ["any", "3"]}),
        (RESULTS, {"issues": ["any", "none"]}),
        (RESULTS, {"issues": "x"}),
        (EXECUTIONS, {"test_result": ["none", "3"]}),
        (EXECUTIONS, {"reviewer_ids": "x"}),
        (RESULTS, {"families": "snap,deb"}),
        (RESULTS, {"test_result_statuses": "passed"}),
        (RESULTS, {"limit": 1001}),
        (RESULTS, {"offset": -1}),
        (RESULTS, {"cursor": "x"}),
        (EXECUTIONS, {"cursor": "x"}),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    path: str, params: dict[str, Any], viewer: httpx.AsyncClient
) -> None:
    answer = await viewer.get(path, params=params)
    assert answer.status_code == 422
    item = answer.json()["detail"][0]
    assert item["loc"][:2] == ["query", next(iter(params))]
