"""`/test-executions`: the search among all executions."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide

from touchstone.domains.filters.model import (
    MetadataEmpty,
    MetadataEncodingInvalid,
    MetadataFormatInvalid,
    SentinelCombined,
)
from touchstone.domains.filters.parameters import execution_filters
from touchstone.domains.filters.schemas import TestExecutionSearchFilters
from touchstone.domains.shapes.shown import shown_to
from touchstone.domains.test_executions.search_repository import TestExecutionSearchRepository
from touchstone.domains.test_executions.search_schemas import TestExecutionSearchResponse
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import failures
from touchstone.http.paging import CursorInvalid
from touchstone.http.searches import PAGES, SearchPage, search_body, search_page


class TestExecutionSearchController(Controller):
    __test__ = False

    path = "/api/v1/test-executions"
    tags = ["test-executions"]
    dependencies = {"filters": Provide(execution_filters), "search_page": Provide(search_page)}

    @get(
        guards=[requires("view_test")],
        operation_id="search_test_executions_v1_test_executions_get",
        description="Executions without results are left out unless `test_result` asks for them. " + PAGES,
        responses=failures(
            SentinelCombined, MetadataFormatInvalid, MetadataEncodingInvalid, MetadataEmpty, CursorInvalid
        ),
    )
    async def search_test_executions(
        self,
        caller: NamedDependency[Caller],
        filters: NamedDependency[TestExecutionSearchFilters],
        search_page: NamedDependency[SearchPage],
        test_execution_search: NamedDependency[TestExecutionSearchRepository],
    ) -> Response[TestExecutionSearchResponse]:
        """Executions that fit all filters, newest first, each with its artefact and results."""
        found = await test_execution_search.list_newest(
            filters,
            shown_to(caller, families=filters.families),
            limit=search_page.limit,
            offset=search_page.offset,
            before=search_page.before,
            is_counted=search_page.is_counted,
        )
        body = search_body(search_page, found.count, "test_executions", found.executions.encode())
        return json_answer(body, search_page.headers(found.size, found.at, found.id))
