"""What came of the same test cases before: of which executions, in which order, and how much is read for it."""

from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from tests.people import as_admin
from tests.recording import add_execution

from touchstone.database.executor import Database
from touchstone.domains.families.model import FAMILIES
from touchstone.domains.shapes.issues import SOURCES
from touchstone.domains.shapes.shown import Shown
from touchstone.domains.test_results import listing_repository
from touchstone.domains.test_results.listing_repository import ResultListingRepository
from touchstone.embedded.postgres import EmbeddedPostgres

BOOTS = [{"name": "boots", "status": "PASSED"}]


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await as_admin(client, database)


async def post(client: httpx.AsyncClient, execution: int, results: Any = BOOTS) -> None:
    answer = await client.post(f"/api/v1/test-executions/{execution}/test-results", json=results)
    assert answer.status_code == 200, answer.text


async def previous(client: httpx.AsyncClient, execution: int) -> list[dict[str, Any]]:
    (result,) = (await client.get(f"/api/v1/test-executions/{execution}/test-results")).json()
    return result["previous_results"]


async def test_newer_artefacts_come_first_and_newer_results_within_one(
    admin: httpx.AsyncClient, database: Database
) -> None:
    executions = [await add_execution(database, version=version) for version in ("1", "2", "2", "1")]
    for execution in executions:
        await post(admin, execution)
    found = await previous(admin, executions[2])
    assert [(one["version"], one["test_execution_id"]) for one in found] == [
        ("2", executions[1]),
        ("1", executions[3]),
        ("1", executions[0]),
    ]
    assert set(found[0]) == {"status", "version", "artefact_id", "test_execution_id", "test_result_id"}
    await post(admin, executions[0])
    again = await previous(admin, executions[2])
    assert [one["test_execution_id"] for one in again] == [executions[1], executions[0], executions[3]]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "other"},
        {"environment": "phone"},
        {"architecture": "arm64"},
        {"track": "22"},
        {"series": "noble"},
        {"repo": "main"},
        {"os": "core"},
    ],
)
async def test_what_was_tested_elsewhere_or_of_something_else_does_not_count(
    admin: httpx.AsyncClient, database: Database, other: dict[str, str]
) -> None:
    await post(admin, await add_execution(database, version="1", **other))
    execution = await add_execution(database, version="2")
    await post(admin, execution)
    assert await previous(admin, execution) == []


async def test_family_stage_and_store_do_not_matter_neither_does_the_plan(
    admin: httpx.AsyncClient, database: Database
) -> None:
    await post(admin, await add_execution(database, family="charm", stage="edge", plan="full"))
    await post(admin, await add_execution(database, store="other"))
    execution = await add_execution(database)
    await post(admin, execution)
    assert len(await previous(admin, execution)) == 2


async def test_other_test_cases_and_later_executions_do_not_count(admin: httpx.AsyncClient, database: Database) -> None:
    first, second, third = [await add_execution(database, version=version) for version in ("1", "1", "2")]
    await post(admin, first, [{"name": "audio", "status": "PASSED"}])
    for execution in (second, third):
        await post(admin, execution)
    assert await previous(admin, second) == []


@pytest.mark.parametrize("executions_of_a_version", [1, 3])
async def test_ten_are_enough_however_far_back_they_lie(
    admin: httpx.AsyncClient, database: Database, executions_of_a_version: int
) -> None:
    """Some test cases ran in every execution, some in none of the last fifty, some only once."""
    names = {"always": range(61), "once": range(3, 4), "long ago": range(11)}
    executions: list[int] = []
    for place in range(61):
        version = str(place // executions_of_a_version)
        executions.append(await add_execution(database, version=version))
        results = [{"name": name, "status": "PASSED"} for name, places in names.items() if place in places]
        await post(admin, executions[-1], results)
    last = await add_execution(database, version="last")
    await post(admin, last, [{"name": name, "status": "FAILED"} for name in names])
    listed = (await admin.get(f"/api/v1/test-executions/{last}/test-results")).json()
    found = {
        one["name"]: [executions.index(earlier["test_execution_id"]) for earlier in one["previous_results"]]
        for one in listed
    }
    assert found == {
        "always": list(range(60, 50, -1)),
        "once": [3],
        "long ago": list(range(10, 0, -1)),
    }


HISTORY = """
    with artefacts as (
        insert into artefact (family, name, version, track, store)
        select 'snap', 'core', number::text, 'latest', 'ubuntu' from generate_series(1, 400) as number
        returning id
    ), builds as (
        insert into artefact_build (artefact_id, architecture) select id, 'amd64' from artefacts returning id
    ), places as (
        insert into environment (name, architecture) values ('laptop', 'amd64') returning id
    ), plans as (
        insert into test_plan (name) values ('smoke') returning id
    ), executions as (
        insert into test_execution (artefact_build_id, environment_id, test_plan_id)
        select builds.id, places.id, plans.id from builds, places, plans order by builds.id returning id
    ), cases as (
        insert into test_case (name) select 'case ' || number from generate_series(1, 50) as number returning id
    )
    insert into test_result (test_execution_id, test_case_id, status)
    select executions.id, cases.id, 'PASSED' from executions, cases order by executions.id, cases.id
"""


def rows_read(plan: dict[str, Any]) -> float:
    """Of tables, by all nodes below."""
    seen = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    own = seen * plan["Actual Loops"] if "Relation Name" in plan else 0
    return own + sum(rows_read(below) for below in plan.get("Plans", ()))


async def test_a_long_history_is_not_read(
    database: Database, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.execute(HISTORY)
    owner = await asyncpg.connect(postgres.owner_url)  # who alone may analyze; else it is as other tests left it
    await owner.execute("vacuum analyze")
    await owner.close()
    newest = await database.fetch_value("select max(id) from test_execution")
    monkeypatch.setattr(listing_repository, "SHOWN", "explain (analyze, format json) " + listing_repository.SHOWN)
    told = await ResultListingRepository(database).list_of_execution(newest, Shown(FAMILIES, SOURCES))
    (explained,) = msgspec.json.decode(told)
    # 20,000 results are there; 50 are asked about, 1,500 are those of the nearest 30 executions
    assert rows_read(explained["Plan"]) < 5000
