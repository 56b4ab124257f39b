"""Searches look at few of the results, whatever is asked for; also once Postgres keeps one plan for all values."""

import datetime as dt
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.plans.measuring import Recorder, touched

from touchstone.database.executor import Database, Executor
from touchstone.database.migrate import migrate
from touchstone.domains.families.model import CONTRACT_FAMILIES
from touchstone.domains.filters.schemas import TestExecutionSearchFilters, TestResultSearchFilters
from touchstone.domains.reruns.repository import RerunRepository
from touchstone.domains.reruns.schemas import WantedReruns
from touchstone.domains.shapes.issues import CONTRACT_SOURCES
from touchstone.domains.shapes.shown import Shown
from touchstone.domains.test_executions.search_repository import TestExecutionSearchRepository
from touchstone.domains.test_results.search_repository import TestResultSearchRepository
from touchstone.embedded.postgres import EmbeddedPostgres
from touchstone.embedded.roles import SERVICE

SEED = Path(__file__).parents[2] / "bench" / "observed.sql"
EXECUTIONS = 400
SHOWN = Shown(CONTRACT_FAMILIES, CONTRACT_SOURCES)
LATE = (dt.datetime(2026, 1, 8, tzinfo=dt.UTC), 2**31 - 1)
EXECUTIONS_UNTIL_CACHED = 8


@pytest.fixture(scope="module")
async def observed(postgres: EmbeddedPostgres) -> AsyncGenerator[Database]:
    """As the owner, who may analyze."""
    name = f"observed_{uuid.uuid4().hex}"
    await postgres.create_database(name)
    await migrate(postgres.owner_url_of(name), service_role=SERVICE)
    connection = await asyncpg.connect(postgres.owner_url_of(name))
    await connection.execute(SEED.read_text("utf-8").replace(":executions", str(EXECUTIONS)))
    await connection.execute("vacuum analyze")
    await connection.close()
    database = Database(postgres.owner_url_of(name), size=1)
    await database.open()
    yield database
    await database.close()
    await postgres.drop_database(name)


class Hot(msgspec.Struct, frozen=True):
    """`most` results may be looked at, of 80,000; `index` finds them."""

    ask: Callable[[Executor], Awaitable[Any]]
    most: int
    index: str


def results(**filters: Any) -> Callable[[Executor], Awaitable[Any]]:
    before = filters.pop("before", None)
    asked = TestResultSearchFilters(**filters)
    return lambda executor: TestResultSearchRepository(executor).list_newest(
        asked, SHOWN, limit=50, before=before, is_counted=False
    )


def counted(**filters: Any) -> Callable[[Executor], Awaitable[Any]]:
    asked = TestResultSearchFilters(**filters)
    return lambda executor: TestResultSearchRepository(executor).list_newest(asked, SHOWN, limit=0)


def executions(**filters: Any) -> Callable[[Executor], Awaitable[Any]]:
    before = filters.pop("before", None)
    asked = TestExecutionSearchFilters(**filters)
    return lambda executor: TestExecutionSearchRepository(executor).list_newest(
        asked, SHOWN, limit=5, before=before, is_counted=False
    )


NEWEST, OF_EXECUTION, OF_CASE = (
    "test_result_newest_idx",
    "test_result_of_execution_newest_idx",
    "test_result_case_idx",
)
HOT = {
    "the newest results": Hot(results(), 600, NEWEST),
    "a late page of results": Hot(results(before=LATE), 600, NEWEST),
    "results that failed": Hot(results(test_result_statuses=["FAILED"]), 600, NEWEST),
    "results of an artefact": Hot(results(artefacts=["artefact-7"]), 3_000, OF_EXECUTION),
    "a late page of results of a family": Hot(results(families=["snap"], before=LATE), 3_000, OF_EXECUTION),
    "results of an artefact that failed": Hot(
        results(artefacts=["artefact-7"], test_result_statuses=["FAILED"]), 3_000, OF_EXECUTION
    ),
    "results of a case": Hot(results(test_cases=["case-7"]), 2_000, OF_CASE),
    "results of a case in a family": Hot(results(test_cases=["case-7"], families=["snap"]), 2_000, OF_CASE),
    "results with an issue": Hot(results(issues=[3]), 2_000, "test_result_pkey"),
    "results without an issue": Hot(results(issues="none"), 600, NEWEST),
    "the newest executions": Hot(executions(), 2_500, "test_result_execution_idx"),
    "a late page of executions of a plan": Hot(
        executions(test_plans=["plan-2"], before=LATE), 2_500, "test_result_execution_idx"
    ),
}
# of the kept plan all rows are known and not whose they are; a page's artefacts and executions have some thousands
OTHER_ROWS = 25_000


@pytest.fixture
async def recorder(observed: Database) -> AsyncGenerator[Recorder]:
    async with observed.transaction() as transaction:
        yield Recorder(transaction)


@pytest.mark.parametrize("name", HOT)
async def test_a_search_looks_at_few_results(recorder: Recorder, name: str) -> None:
    hot = HOT[name]
    assert (await hot.ask(recorder)).size in (5, 50)
    (plan,) = recorder.plans
    assert "test_result" not in plan.scanned
    assert hot.index in plan.indexes
    assert sum(node.rows for node in plan.nodes if node.table == "test_result") <= hot.most


@pytest.mark.parametrize("name", HOT)
async def test_still_does_when_the_plan_is_kept(recorder: Recorder, name: str) -> None:
    hot, transaction = HOT[name], recorder.transaction
    for _ in range(EXECUTIONS_UNTIL_CACHED):
        await hot.ask(transaction)
    before = await touched(transaction)
    await hot.ask(transaction)
    after = await touched(transaction)
    assert after.sequential_scans["test_result"] == before.sequential_scans["test_result"]
    assert after.rows - before.rows <= hot.most + OTHER_ROWS


@pytest.mark.parametrize("filters", [{}, {"families": ["snap"]}, {"test_result_statuses": ["FAILED"]}])
async def test_what_is_asked_of_executions_and_statuses_is_counted_without_results(
    recorder: Recorder, filters: dict[str, Any]
) -> None:
    assert (await counted(**filters)(recorder)).count > 0
    (plan,) = recorder.plans
    assert "test_result" not in plan.scanned
    assert plan.rows < 5 * EXECUTIONS + 1_000


async def test_the_next_reruns_are_found_by_their_index(recorder: Recorder) -> None:
    await RerunRepository(recorder).list_next(WantedReruns(), SHOWN, 5)
    (plan,) = recorder.plans
    assert "test_execution" not in plan.scanned
