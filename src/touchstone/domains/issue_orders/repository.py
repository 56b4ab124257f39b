"""The table `issue_order`. Writes of workers are guarded by the lease's mark."""

import datetime as dt
from collections.abc import Sequence
from typing import LiteralString

from touchstone.adapters.issue_tracker import TrackerProject
from touchstone.database.executor import Executor
from touchstone.domains.issue_orders.model import ClaimedOrder, IssueOrderNotFound, ResultFacts, ResultNotFound
from touchstone.domains.issue_orders.schemas import IssueOrder
from touchstone.domains.shapes.issues import ISSUE_URL

LARGEST_ID = 2**31 - 1

SELECT_ORDER: LiteralString = (
    """
    select issue_order.id, test_result_id, issue_order.source, issue_order.host, issue_order.project,
        issue_order.title, issue_order.text, issue_order.labels, issue_order.status, issue_id,
        case when issue.id is not null then """
    + ISSUE_URL
    + """ end as issue_url, ordered_by, attempts,
        case when issue_order.status = 'wanted' then try_at end as next_attempt_at, error,
        issue_order.created_at, issue_order.updated_at
    from issue_order left join issue on issue.id = issue_id
"""
)


class IssueOrderRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, order_id: int) -> IssueOrder:
        """Raises IssueOrderNotFound."""
        found = await self.executor.fetch_one(IssueOrder, SELECT_ORDER + "where issue_order.id = $1", order_id)
        if found is None:
            raise IssueOrderNotFound(id=order_id)
        return found

    async def list_newest(
        self, *, result_id: int | None, status: str | None, before: int | None, limit: int
    ) -> list[IssueOrder]:
        return await self.executor.fetch_all(
            IssueOrder,
            SELECT_ORDER
            + """
            where ($1::bigint is null or test_result_id = $1) and ($2::text is null or issue_order.status = $2)
                and issue_order.id < $3 order by issue_order.id desc limit $4
            """,
            result_id,
            status,
            LARGEST_ID if before is None else before,
            limit,
        )

    async def facts(self, result_id: int) -> ResultFacts:
        """The result stays until the end of the transaction. Raises ResultNotFound."""
        found = await self.executor.fetch_one(
            ResultFacts,
            """
            select artefact.id as artefact_id, execution.id as execution_id, artefact.name as artefact,
                artefact.version, artefact.family, artefact.stage, environment.name as environment,
                environment.architecture, test_plan.name as test_plan, test_case.name as test_case,
                test_case.template_id, result.status, result.comment, coalesce(execution.ci_link, '') as ci_link
            from test_result as result
                join test_case on test_case.id = result.test_case_id
                join test_execution as execution on execution.id = result.test_execution_id
                join environment on environment.id = execution.environment_id
                join test_plan on test_plan.id = execution.test_plan_id
                join artefact_build as build on build.id = execution.artefact_build_id
                join artefact on artefact.id = build.artefact_id
            where result.id = $1 for key share of result
            """,
            result_id,
        )
        if found is None:
            raise ResultNotFound(id=result_id)
        return found

    async def want(
        self,
        result_id: int,
        project: TrackerProject,
        title: str,
        text: str,
        labels: Sequence[str],
        ordered_by: str,
    ) -> int | None:
        """The id; None where one is wanted or made already. One that failed is wanted again, with the same marker."""
        return await self.executor.fetch_value(
            """
            insert into issue_order (test_result_id, source, host, project, title, text, labels, ordered_by)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (test_result_id, source, host, project) do update set title = excluded.title,
                text = excluded.text, labels = excluded.labels, ordered_by = excluded.ordered_by, status = 'wanted',
                attempts = 0, try_at = now(), leased_until = null, error = null, updated_at = now()
            where issue_order.status = 'failed'
            returning id
            """,
            result_id,
            project.source,
            project.host,
            project.project,
            title,
            text,
            list(labels),
            ordered_by,
        )

    async def find_id(self, result_id: int, project: TrackerProject) -> int | None:
        return await self.executor.fetch_value(
            "select id from issue_order where test_result_id = $1 and source = $2 and host = $3 and project = $4",
            result_id,
            project.source,
            project.host,
            project.project,
        )

    async def claim_due(self, at_most: int, lease_seconds: float) -> list[ClaimedOrder]:
        return await self.executor.fetch_all(
            ClaimedOrder,
            """
            with due as (
                select id from issue_order
                where status = 'wanted' and try_at <= now() and coalesce(leased_until < now(), true)
                order by try_at, id limit $1 for update skip locked
            )
            update issue_order set attempts = attempts + 1, leased_until = now() + $2::float8 * interval '1 second'
            from due where issue_order.id = due.id
            returning issue_order.id, test_result_id, source, host, project, marker, title, text, labels, ordered_by,
                attempts, leased_until
            """,
            at_most,
            lease_seconds,
        )

    async def finish_if_leased(self, order: ClaimedOrder, issue_id: int) -> bool:
        touched = await self.executor.execute(
            """
            update issue_order set status = 'made', issue_id = $3, leased_until = null, error = null, updated_at = now()
            where id = $1 and leased_until = $2 and status = 'wanted'
            """,
            order.id,
            order.leased_until,
            issue_id,
        )
        return touched > 0

    async def fail_if_leased(self, order: ClaimedOrder, error: str) -> bool:
        """For good."""
        touched = await self.executor.execute(
            """
            update issue_order set status = 'failed', leased_until = null, error = $3, updated_at = now()
            where id = $1 and leased_until = $2 and status = 'wanted'
            """,
            order.id,
            order.leased_until,
            error,
        )
        return touched > 0

    async def retry_if_leased(self, order: ClaimedOrder, try_at: dt.datetime, error: str) -> bool:
        touched = await self.executor.execute(
            """
            update issue_order set try_at = $3, leased_until = null, error = $4, updated_at = now()
            where id = $1 and leased_until = $2 and status = 'wanted'
            """,
            order.id,
            order.leased_until,
            try_at,
            error,
        )
        return touched > 0
