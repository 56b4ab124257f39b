"""Executions that the rules of retention no longer keep, in the table `test_execution`."""

import datetime as dt
from collections.abc import Sequence
from typing import LiteralString

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.keeping.model import CHOSEN_RULE, MOST_COUNTED, RULES, SUMMARY, YOUNGEST, Going, KeepingRule

# The age counts from the last sign of life: one that is still written to is not old, one that never ended may be.
OLD: LiteralString = (
    """
    from page
    join artefact_build as build on build.id = page.artefact_build_id
    join artefact on artefact.id = build.artefact_id
    """
    + CHOSEN_RULE
    + """
    where not artefact.is_important and page.seen_at < now() - chosen.kept_days * interval '1 day'
        and (not chosen.keeps_newest or exists (
            select from test_execution as newer
            where newer.artefact_build_id = page.artefact_build_id and newer.environment_id = page.environment_id
                and newer.test_plan_id = page.test_plan_id and newer.id > page.id
        ))
    """
)
PAGE: LiteralString = (
    """
    select id, artefact_build_id, environment_id, test_plan_id, created_at, seen_at,
        passed_count + failed_count + skipped_count as results
    from test_execution where created_at < """
    + YOUNGEST
)

DELETE_OLD: LiteralString = (
    "with "
    + RULES
    + ", page as materialized ("
    + PAGE
    + """
        and (created_at, id) > (coalesce($2::timestamptz, '-infinity'), coalesce($3::integer, 0))
        order by created_at, id limit $4
    ), old as materialized (
        select page.id, page.created_at, page.seen_at, page.results,
            sum(page.results) over (order by page.created_at, page.id) - page.results as before_it
    """
    + OLD
    + """
    ), going as materialized (
        select id, created_at, seen_at, results from old where before_it < $5
    ), gone as (
        delete from test_execution using going
        where test_execution.id = going.id and test_execution.seen_at = going.seen_at
        returning test_execution.id, going.results
    ), last as (
        select created_at, id from going where (select count(*) from going) < (select count(*) from old)
        union all
        select created_at, id from page where (select count(*) from going) = (select count(*) from old)
            and (select count(*) from page) = $4
        order by created_at desc, id desc limit 1
    )
    select coalesce((select array_agg(id order by id) from gone), '{}') as gone,
        coalesce((select sum(results) from gone), 0)::bigint as results,
        (select row_to_json(last) from last) as last
    """
)


class Place(msgspec.Struct, frozen=True):
    """How far somebody has looked."""

    created_at: dt.datetime
    id: int


class ExecutionPage(msgspec.Struct, frozen=True, kw_only=True):
    """What came of looking at some executions: those that went, with how many results; None for `last` at the end."""

    gone: list[int]
    results: int
    last: Place | None


class ExecutionRetentionRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def delete_old(
        self, rules: Sequence[KeepingRule], after: Place | None, *, looked_at: int, results: int
    ) -> ExecutionPage:
        """Those of the next `looked_at` executions behind `after` that no rule keeps, with everything of theirs.

        Stops after so many results; one execution goes at least. One that is written to meanwhile stays.
        """
        page = await self.executor.fetch_one(
            ExecutionPage,
            DELETE_OLD,
            rules,
            after.created_at if after else None,
            after.id if after else None,
            looked_at,
            results,
        )
        assert page is not None  # it selects from no table
        return page

    async def preview(self, rules: Sequence[KeepingRule]) -> Going:
        """What would go. Bytes are of the files that results came in."""
        going = await self.executor.fetch_one(
            Going,
            "with "
            + RULES
            + ", page as ("
            + PAGE
            + """
            ), going as materialized (
                select page.id, page.seen_at as since,
                    (select sum(size) from raw_result_file where test_execution_id = page.id) as bytes
            """
            + OLD
            + " order by page.created_at, page.id limit $2) select "
            + SUMMARY,
            rules,
            MOST_COUNTED + 1,
        )
        assert going is not None  # an aggregate has a row always
        return going
