"""The table `issue_attachment`, where people tie results to issues and take them off: any number in one statement."""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.filters.binding import Binding
from touchstone.domains.filters.schemas import TestResultSearchFilters
from touchstone.domains.filters.selections import selecting_results
from touchstone.domains.issues.model import Attached
from touchstone.domains.issues.selecting import selecting_matches

NOTHING: LiteralString = "(select null::bigint where false)"


class SelectedAttachmentRepository:
    """`families` are those that the caller is shown; what filters find is of these."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def attach(
        self,
        issue_id: int,
        result_ids: Sequence[int],
        filters: TestResultSearchFilters | None,
        families: Sequence[str],
        *,
        rule_id: int | None,
        by: str,
    ) -> Attached:
        """What is attached already stays as it is. Results that go meanwhile are left out."""
        binding = Binding(issue_id, list(result_ids), rule_id, by)
        found = selecting_results(filters, families, binding) if filters else NOTHING
        attached = await self.executor.fetch_one(
            Attached,
            """
            with named as materialized (
                select distinct id from unnest($2::bigint[]) as id
            ), held as materialized (
                select result.id from test_result as result
                where result.id in (select id from named union all """
            + found
            + """)
                order by result.id for key share
            ), missing as materialized (
                select min(id) as id from named where id not in (select id from held)
            ), attached as (
                insert into issue_attachment (issue_id, test_result_id, attachment_rule_id, attached_by)
                select $1, held.id, $3, $4 from held where (select id from missing) is null order by held.id
                on conflict (test_result_id, issue_id) do nothing
                returning 1
            )
            select (select count(*) from attached) as count, (select id from missing) as missing
            """,
            *binding.values,
        )
        assert attached is not None  # it has no source that could be empty
        return attached

    async def detach(
        self,
        issue_id: int,
        result_ids: Sequence[int],
        filters: TestResultSearchFilters | None,
        families: Sequence[str],
    ) -> int:
        """Answers how many were attached, be it by people or by rules."""
        binding = Binding(issue_id, list(result_ids))
        found = selecting_results(filters, families, binding) if filters else NOTHING
        return await self.executor.execute(
            """
            delete from issue_attachment where issue_id = $1
                and test_result_id in (select id from unnest($2::bigint[]) as id union all """
            + found
            + ")",
            *binding.values,
        )

    async def attach_past(
        self,
        issue_id: int,
        rule_id: int,
        filters: TestResultSearchFilters,
        comment_pattern: str | None,
        io_log_pattern: str | None,
    ) -> int:
        """What a rule matches among results that are there already, as if it had been there before them."""
        binding = Binding(issue_id, rule_id)
        found = selecting_matches(filters, comment_pattern, io_log_pattern, binding)
        return await self.executor.execute(
            """
            with held as materialized (
                select result.id from test_result as result where result.id in """
            + found
            + """ order by result.id for key share
            )
            insert into issue_attachment (issue_id, test_result_id, attachment_rule_id)
            select $1, held.id, $2 from held order by held.id
            on conflict (test_result_id, issue_id) do nothing
            """,
            *binding.values,
        )
