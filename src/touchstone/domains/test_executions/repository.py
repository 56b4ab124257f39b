"""The tables `test_execution` and `test_execution_relevant_link`."""

from collections.abc import Sequence
from typing import LiteralString

import msgspec

from touchstone.database.executor import Executor, constraint
from touchstone.domains.shapes.executions import (
    EXECUTION_JSON,
    EXECUTION_SOURCES,
    TestExecutionRelevantLinkResponse,
    TestExecutionStatus,
)
from touchstone.domains.test_executions.model import CiLinkTaken, CiLinkTooLong, ExecutionState
from touchstone.domains.test_results.model import TestExecutionNotFound


class ShownExecution(msgspec.Struct, frozen=True):
    """The JSON of an execution, and which edition it is."""

    edition: int
    body: msgspec.Raw


class EndedExecution(msgspec.Struct, frozen=True):
    id: int
    status: TestExecutionStatus


STATE: LiteralString = "status, ci_link, c3_link, edition"

# what the results say; those of an execution are counted as they come and go
COMPLETED: LiteralString = """
    case when failed_count > 0 then 'FAILED' when passed_count + skipped_count > 0 then 'PASSED'
        else 'ENDED_PREMATURELY' end
"""


class TestExecutionRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get_shown(self, execution_id: int) -> ShownExecution:
        """Raises TestExecutionNotFound."""
        shown = await self.executor.fetch_one(
            ShownExecution,
            "select execution.edition, "
            + EXECUTION_JSON
            + " as body from "
            + EXECUTION_SOURCES
            + " where execution.id = $1",
            execution_id,
        )
        if shown is None:
            raise TestExecutionNotFound
        return shown

    async def require(self, execution_id: int) -> None:
        """Raises TestExecutionNotFound."""
        if not await self.executor.fetch_value(
            "select exists (select from test_execution where id = $1)", execution_id
        ):
            raise TestExecutionNotFound

    async def lock(self, execution_id: int) -> ExecutionState:
        """Until the end of the transaction nobody else changes it. Raises TestExecutionNotFound."""
        state = await self.executor.fetch_one(
            ExecutionState, "select " + STATE + " from test_execution where id = $1 for no key update", execution_id
        )
        if state is None:
            raise TestExecutionNotFound
        return state

    async def find_by_ci_link(self, spellings: Sequence[str]) -> int | None:
        """The execution that was started with the first of these, or else with another."""
        return await self.executor.fetch_value(
            """
            select id from test_execution
            where ci_link_key(ci_link) = any (array(select ci_link_key(link) from unnest($1::text[]) as link))
            order by ci_link is distinct from ($1::text[])[1], id limit 1
            """,
            spellings,
        )

    async def touch(self, execution_id: int) -> None:
        """It is alive."""
        await self.executor.execute("update test_execution set seen_at = now() where id = $1", execution_id)

    async def change(
        self, execution_id: int, *, status: str | None, ci_link: str | None, c3_link: str | None
    ) -> ExecutionState:
        """What is None stays; COMPLETED is what the results say. Raises CiLinkTaken, CiLinkTooLong."""
        refusals = {
            "test_execution_ci_link_key": CiLinkTaken(),
            "test_execution_ci_link_fits_its_index": CiLinkTooLong(),
        }
        with constraint(refusals):
            return await self._changed(
                """
                update test_execution set ci_link = coalesce($3, ci_link), c3_link = coalesce($4, c3_link),
                    status = case when $2::text = 'COMPLETED' then """
                + COMPLETED
                + " else coalesce($2, status) end, edition = edition + 1, seen_at = now(), updated_at = now()"
                + " where id = $1 returning "
                + STATE,
                execution_id,
                status,
                ci_link,
                c3_link,
            )

    async def end(self, execution_id: int, *, c3_link: str | None, checkbox_version: str | None) -> ExecutionState:
        """It failed when a result did, else it passed, even without results."""
        return await self._changed(
            """
            update test_execution set status = case when failed_count > 0 then 'FAILED' else 'PASSED' end,
                c3_link = coalesce($2, c3_link), checkbox_version = $3, edition = edition + 1, seen_at = now(),
                updated_at = now()
            where id = $1 returning """
            + STATE,
            execution_id,
            c3_link,
            checkbox_version,
        )

    async def note_course(self, execution_id: int, *, resource_url: str | None, is_over: bool) -> ExecutionState:
        """What its events tell: where it ran, and that it is over, which it may have said better before."""
        return await self._changed(
            """
            update test_execution set resource_url = coalesce($2, resource_url), seen_at = now(), updated_at = now(),
                status = case when $3 and status not in ('PASSED', 'FAILED') then 'ENDED_PREMATURELY' else status end
            where id = $1 returning """
            + STATE,
            execution_id,
            resource_url,
            is_over,
        )

    async def _changed(self, sql: LiteralString, *values: object) -> ExecutionState:
        state = await self.executor.fetch_one(ExecutionState, sql, *values)
        if state is None:
            raise TestExecutionNotFound
        return state

    async def end_silent(self, silent_seconds: int, at_most: int) -> list[EndedExecution]:
        """Those that have not ended and gave no sign of life for so long; nobody else's batch has the same ones."""
        return await self.executor.fetch_all(
            EndedExecution,
            """
            update test_execution set status = 'ENDED_PREMATURELY', edition = edition + 1, updated_at = now()
            where id in (
                select id from test_execution where status in ('NOT_STARTED', 'IN_PROGRESS')
                    and seen_at < now() - $1 * interval '1 second'
                order by seen_at limit $2 for no key update skip locked
            )
            returning id, status
            """,
            silent_seconds,
            at_most,
        )

    async def add_link(self, execution_id: int, label: str, url: str) -> TestExecutionRelevantLinkResponse:
        """The one that is there, when it has the link. To be called under the execution's lock."""
        link = await self.executor.fetch_one(
            TestExecutionRelevantLinkResponse,
            """
            with inserted as (
                insert into test_execution_relevant_link (test_execution_id, label, url) values ($1, $2, $3)
                on conflict do nothing returning id, label, url
            )
            select id, label, url from inserted union all
            select id, label, url from test_execution_relevant_link
            where test_execution_id = $1 and label = $2 and url = $3
            """,
            execution_id,
            label,
            url,
        )
        if link is None:
            raise TestExecutionNotFound
        return link

    async def delete_link(self, execution_id: int, link_id: int) -> bool:
        """Whether the execution had it."""
        return bool(
            await self.executor.execute(
                "delete from test_execution_relevant_link where test_execution_id = $1 and id = $2",
                execution_id,
                link_id,
            )
        )
