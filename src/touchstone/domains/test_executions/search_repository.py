"""Searches among all executions: a page of them with their results, newest first, and how many there are."""

import datetime as dt
from typing import LiteralString

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.filters.binding import Binding
from touchstone.domains.filters.schemas import TestExecutionSearchFilters
from touchstone.domains.filters.selections import EXECUTIONS, of_executions
from touchstone.domains.shapes.artefacts import BUILD_JSON
from touchstone.domains.shapes.contexts import CONTEXTS
from touchstone.domains.shapes.results import ATTACHMENTS_JSON
from touchstone.domains.shapes.shown import SHOWN, Shown
from touchstone.domains.test_results.result_pages_repository import LARGEST_OFFSET


class PageOfExecutions(msgspec.Struct, frozen=True):
    """`executions` is the JSON; `at` and `id` are the sort key of the last one."""

    executions: str
    size: int
    count: int | None
    at: dt.datetime | None
    id: int | None


class TestExecutionSearchRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_newest(
        self,
        filters: TestExecutionSearchFilters,
        shown: Shown,
        *,
        limit: int,
        offset: int = 0,
        before: tuple[dt.datetime, int] | None = None,
        is_counted: bool = True,
    ) -> PageOfExecutions:
        """`before` is the sort key of the last one seen; then the offset counts from there."""
        binding = Binding(*shown.words)
        condition = of_executions(filters, shown.families, binding)
        sql = (
            SHOWN
            + ", page as materialized (select execution.id, execution.id as test_execution_id, execution.created_at "
            + "from "
            + EXECUTIONS
            + " where "
            + condition
            + _before(before, binding)
            + " order by execution.created_at desc, execution.id desc limit "
            + binding.bind(limit)
            + "::bigint offset "
            + binding.bind(min(offset, LARGEST_OFFSET))
            + "::bigint), "
            + CONTEXTS
            + _results(filters, binding)
            + PAGE_COLUMNS
            + (
                ", (select count(*) from " + EXECUTIONS + " where " + condition + ")"
                if is_counted
                else ", null::bigint"
            )
            + " as count"
        )
        found = await self.executor.fetch_one(PageOfExecutions, sql, *binding.values)
        assert found is not None
        return found


def _before(key: tuple[dt.datetime, int] | None, binding: Binding) -> LiteralString:
    if key is None:
        return ""
    at, execution_id = binding.bind(key[0]), binding.bind(key[1])
    return " and (execution.created_at, execution.id) < (" + at + "::timestamptz, " + execution_id + "::integer)"


def _results(filters: TestExecutionSearchFilters, binding: Binding) -> LiteralString:
    """The results of the page's executions; where some were asked for by their ids, only those."""
    asked: LiteralString = ""
    if isinstance(filters.test_result, list):
        asked = " and result.id = any (" + binding.bind(filters.test_result) + "::bigint[])"
    return (
        """, chosen as materialized (
            select result.id, result.test_execution_id, result.test_case_id, result.status, result.comment,
                result.created_at
            from unnest(array(select id from page)) as page (id) cross join lateral (
                select result.id, result.test_execution_id, result.test_case_id, result.status, result.comment,
                    result.created_at
                from test_result as result where result.test_execution_id = page.id"""
        + asked
        + " offset 0) as result)"
        + RESULTS_WRITTEN
    )


# `result_json` as text, because a page holds ten thousand results: what several share is written once, what few have
# is looked up for all of them together. The full joins are left ones, as there is nothing else on the other side; but
# those are never done by nested loops, which the planner likes as long as it expects a page of few results. A test
# holds this against `result_json`
RESULTS_WRITTEN: LiteralString = (
    """, logs as materialized (
        select test_result_id as id, to_json(io_log)::text as written from test_result_log
        where test_result_id = any (array(select id from chosen))
    ), times as materialized (
        select created_at, wire_time(created_at) as written from chosen group by created_at
    ), cases as materialized (
        select id, concat('"name":', to_json(name), ',"category":', to_json(category), ',"template_id":',
            to_json(template_id)) as written
        from test_case where id = any (array(select test_case_id from chosen))
    ), attached as materialized (
        select result.id, """
    + ATTACHMENTS_JSON
    + """::text as written from (
            select distinct test_result_id as id from issue_attachment
            where test_result_id = any (array(select id from chosen))
        ) as result
    ), results as materialized (
        select result.test_execution_id, string_agg(concat('{"id":', result.id, ',', cases.written, ',"status":"',
            result.status, '","comment":',
            case when result.comment = '' then '""' else to_json(result.comment)::text end, ',"io_log":',
            coalesce(logs.written, '""'), ',"created_at":"', times.written, '","issues":',
            coalesce(attached.written, '[]'), ',"previous_results":[]}'),
            ',' order by result.created_at desc, result.id desc) as written
        from chosen as result full join cases on cases.id = result.test_case_id
            full join times on times.created_at = result.created_at
            full join logs on logs.id = result.id
            full join attached on attached.id = result.id
        group by result.test_execution_id
    )
"""
)

PAGE_COLUMNS: LiteralString = (
    """
    select (
        select '[' || coalesce(string_agg(left(executions.written::text, -1) || ',"artefact":' || artefacts.written
            || ',"artefact_build":' || """
    + BUILD_JSON
    + """ || ',"test_results":[' || coalesce(results.written, '') || ']}',
            ',' order by page.created_at desc, page.id desc), '') || ']'
        from page join executions on executions.id = page.id
            join artefact_build as build on build.id = executions.artefact_build_id
            join artefacts on artefacts.id = build.artefact_id
            left join results on results.test_execution_id = page.id
    ) as executions,
    (select count(*) from page) as size,
    (select created_at from page order by created_at, id limit 1) as at,
    (select id from page order by created_at, id limit 1) as id
"""
)
