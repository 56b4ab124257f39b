"""Searches among all results: a page of them, newest first, and how many there are."""

import datetime as dt
from typing import LiteralString

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.filters.binding import Binding
from touchstone.domains.filters.schemas import TestResultSearchFilters
from touchstone.domains.shapes.artefacts import BUILD_JSON
from touchstone.domains.shapes.contexts import CONTEXTS
from touchstone.domains.shapes.results import RESULT_SOURCES, result_json
from touchstone.domains.shapes.shown import SHOWN, Shown
from touchstone.domains.test_results.result_pages_repository import ResultPages


class PageOfResults(msgspec.Struct, frozen=True):
    """`results` is the JSON; `at` and `id` are the sort key of the last one."""

    results: msgspec.Raw
    size: int
    count: int | None
    at: dt.datetime | None
    id: int | None


class TestResultSearchRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_newest(
        self,
        filters: TestResultSearchFilters,
        shown: Shown,
        *,
        limit: int,
        offset: int = 0,
        before: tuple[dt.datetime, int] | None = None,
        is_counted: bool = True,
    ) -> PageOfResults:
        """`before` is the sort key of the last one seen; then the offset counts from there."""
        binding = Binding(*shown.words)
        pages = ResultPages(
            filters, shown.families, binding, limit=limit, offset=offset, before=before, is_counted=is_counted
        )
        sql = SHOWN + ", " + pages.page() + ", " + CONTEXTS + "select " + PAGE_COLUMNS + ", " + pages.count()
        found = await self.executor.fetch_one(PageOfResults, sql + " as count", *binding.values)
        assert found is not None
        return found


PAGE_COLUMNS: LiteralString = (
    """
    (
        select coalesce(json_agg(json_build_object('test_result', """
    + result_json()
    + """, 'test_execution', executions.written, 'artefact', artefacts.written, 'artefact_build', """
    + BUILD_JSON
    + """) order by page.created_at desc, page.id desc), '[]')
        from page join """
    + RESULT_SOURCES
    + """ on result.id = page.id
        join executions on executions.id = page.test_execution_id
        join artefact_build as build on build.id = executions.artefact_build_id
        join artefacts on artefacts.id = build.artefact_id
    ) as results,
    (select count(*) from page) as size,
    (select created_at from page order by created_at, id limit 1) as at,
    (select id from page order by created_at, id limit 1) as id
"""
)
