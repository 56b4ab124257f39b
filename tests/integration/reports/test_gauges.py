"""The gauges of test results at `/metrics`."""

from collections.abc import Mapping

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests import people
from tests.conftest import replaced, serving
from tests.recording import add_execution, add_issue, attach

from touchstone.database.executor import Database
from touchstone.domains.reports.gauges import LABELS
from touchstone.settings import Settings

RESULTS = "test_observer_test_results"
TRIAGED = "test_observer_test_results_triaged"
BY_METADATA = "test_observer_test_results_metadata"

Gauges = dict[str, list[tuple[Mapping[str, str], float]]]


async def gauges_of(client: httpx.AsyncClient) -> Gauges:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    return {
        family.name: [(sample.labels, sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(answer.text)
        if family.name.startswith("test_observer")
    }


async def add_results(database: Database, execution: int, *statuses: str) -> list[int]:
    """One of a test case of its own for each status."""
    return await database.fetch_value(
        """
        with listed as (select status, place from unnest($2::text[]) with ordinality as given (status, place)),
        tested as (
            insert into test_case (name) select 'case ' || place from listed
            on conflict (name) do update set name = excluded.name returning id, name
        ), added as (
            insert into test_result (test_execution_id, test_case_id, status)
            select $1, tested.id, listed.status from listed join tested on tested.name = 'case ' || place
            order by place returning id
        )
        select json_agg(id order by id) from added
        """,
        execution,
        list(statuses),
    )


async def scraped(settings: Settings, database: Database, **changes: object) -> Gauges:
    """By an application that may look at tests, in a process of its own so to say: nothing was counted before."""
    async with serving(replaced(settings, **changes)) as client:
        return await gauges_of(await people.as_application(client, database, "view_test"))


async def test_results_are_counted_under_the_labels_of_the_contract(settings: Settings, database: Database) -> None:
    execution = await add_execution(database, name="core", version="1", stage="beta", store="ubuntu")
    await add_results(database, execution, "PASSED", "PASSED", "FAILED")
    found = (await scraped(settings, database))[RESULTS]
    around = {
        "family": "snap",
        "artefact_name": "core",
        "artefact_stage": "beta",
        "track": "latest",
        "series": "",
        "os": "",
        "environment_name": "laptop",
        "test_plan": "smoke",
        "test_name": "",
    }
    assert found == [({**around, "status": "FAILED"}, 1), ({**around, "status": "PASSED"}, 2)]
    assert {*found[0][0]} == {*LABELS}


async def test_attached_results_are_counted_by_issue(settings: Settings, database: Database) -> None:
    execution = await add_execution(database)
    first, second, third = await add_results(database, execution, "FAILED", "FAILED", "FAILED")
    for number, results in (("7", [first, second]), ("8", [third])):
        issue = await add_issue(database, number)
        for result in results:
            await attach(database, issue, result)
    found = (await scraped(settings, database))[TRIAGED]
    assert {(labels["issue_source"], labels["issue_project"], labels["issue_key"]): n for labels, n in found} == {
        ("github", "a/b", "7"): 2,
        ("github", "a/b", "8"): 1,
    }


async def test_results_are_counted_by_the_metadata_of_their_execution(settings: Settings, database: Database) -> None:
    execution = await add_execution(database, metadata={"kernel": ["6.8", "6.9"]})
    await add_results(database, execution, "PASSED", "SKIPPED")
    found = (await scraped(settings, database))[BY_METADATA]
    assert {(labels["metadata_value"], labels["status"]): n for labels, n in found} == {
        ("6.8", "PASSED"): 1,
        ("6.8", "SKIPPED"): 1,
        ("6.9", "PASSED"): 1,
        ("6.9", "SKIPPED"): 1,
    }


async def test_replaced_results_are_not_counted_twice(settings: Settings, database: Database) -> None:
    execution = await add_execution(database)
    await add_results(database, execution, "FAILED")
    await database.execute("delete from test_result")
    await add_results(database, execution, "PASSED")
    found = (await scraped(settings, database))[RESULTS]
    assert [(labels["status"], number) for labels, number in found] == [("PASSED", 1)]


async def test_test_cases_are_told_apart_when_a_setting_asks(settings: Settings, database: Database) -> None:
    execution = await add_execution(database, metadata={"kernel": ["6.8"]})
    result, _ = await add_results(database, execution, "FAILED", "PASSED")
    await attach(database, await add_issue(database), result)
    found = await scraped(settings, database, metrics_by_test_case=True)
    both = {("case 1", "FAILED"): 1, ("case 2", "PASSED"): 1}
    for gauge, counted in (RESULTS, both), (BY_METADATA, both), (TRIAGED, {("case 1", "FAILED"): 1}):
        assert {(labels["test_name"], labels["status"]): number for labels, number in found[gauge]} == counted


async def test_old_executions_do_not_count_unless_all_do(settings: Settings, database: Database) -> None:
    await add_results(database, await add_execution(database), "PASSED")
    await database.execute("update test_execution set created_at = now() - interval '40 days'")
    assert (await scraped(settings, database))[RESULTS] == []
    assert len((await scraped(settings, database, metrics_days=0))[RESULTS]) == 1


async def test_beyond_the_most_series_sums_stay_true(settings: Settings, database: Database) -> None:
    for number in range(4):
        execution = await add_execution(database, name=f"snap-{number}", metadata={"lab": [str(number)]})
        await add_results(database, execution, *["PASSED"] * (4 - number), "FAILED")
    found = await scraped(settings, database, metrics_most_series=2)
    for gauge in RESULTS, BY_METADATA:
        told = {(labels["artefact_name"], labels["status"]): number for labels, number in found[gauge]}
        assert told == {
            ("snap-0", "PASSED"): 4,
            ("snap-1", "PASSED"): 3,
            ("other", "PASSED"): 3,
            ("other", "FAILED"): 4,
        }


@pytest.mark.parametrize("open_permissions", [(), ("view_test",)])
async def test_what_was_tested_is_told_to_those_who_may_see_it(
    open_permissions: tuple[str, ...], settings: Settings, database: Database
) -> None:
    await add_results(database, await add_execution(database), "PASSED")
    async with serving(replaced(settings, ignore_permissions=open_permissions)) as client:
        found = await gauges_of(client)
        assert (RESULTS in found) == bool(open_permissions)
        assert RESULTS in await gauges_of(await people.as_user(client, database, "view_test"))
