"""`/test-results`: the search among all results."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide

from touchstone.domains.filters.model import MetadataEmpty, MetadataEncodingInvalid, MetadataFormatInvalid
from touchstone.domains.filters.parameters import result_filters
from touchstone.domains.filters.schemas import TestResultSearchFilters
from touchstone.domains.shapes.shown import shown_to
from touchstone.domains.test_results.search_repository import TestResultSearchRepository
from touchstone.domains.test_results.search_schemas import TestResultSearchResponseWithContext
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import failures
from touchstone.http.paging import CursorInvalid
from touchstone.http.searches import PAGES, SearchPage, search_body, search_page


class TestResultSearchController(Controller):
    __test__ = False

    path = "/api/v1/test-results"
    tags = ["test-results"]
    dependencies = {"filters": Provide(result_filters), "search_page": Provide(search_page)}

    @get(
        guards=[requires("view_test")],
        operation_id="search_test_results_v1_test_results_get",
        description=PAGES,
        responses=failures(MetadataFormatInvalid, MetadataEncodingInvalid, MetadataEmpty, CursorInvalid),
    )
    async def search_test_results(
        self,
        caller: NamedDependency[Caller],
        filters: NamedDependency[TestResultSearchFilters],
        search_page: NamedDependency[SearchPage],
        test_result_search: NamedDependency[TestResultSearchRepository],
    ) -> Response[TestResultSearchResponseWithContext]:
        """Results that fit all filters, newest first, each with its execution and artefact."""
        found = await test_result_search.list_newest(
            filters,
            shown_to(caller, families=filters.families),
            limit=search_page.limit,
            offset=search_page.offset,
            before=search_page.before,
            is_counted=search_page.is_counted,
        )
        body = search_body(search_page, found.count, "test_results", bytes(found.results))
        return json_answer(body, search_page.headers(found.size, found.at, found.id))
