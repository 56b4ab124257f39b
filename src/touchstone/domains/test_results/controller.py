"""`/test-executions/{id}/test-results`, and the files that they came in."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody

from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall
from touchstone.domains.shapes.results import TestResultResponse
from touchstone.domains.shapes.shown import shown_to
from touchstone.domains.test_results.formats import FORMATS
from touchstone.domains.test_results.listing_repository import ResultListingRepository
from touchstone.domains.test_results.model import (
    RecordedResult,
    ResultInvalid,
    ResultsUnreadable,
    TestCasesChanged,
    TestExecutionNotFound,
)
from touchstone.domains.test_results.schemas import RawResultFile, TestResultRequest
from touchstone.domains.test_results.service import TestResultService
from touchstone.errors import Unavailable
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.request_values import OTHER_BODIES
from touchstone.http.row_ids import RowId

REPRESENTATION = "return=representation"
FILES = {media_type: form.title for media_type, form in FORMATS.items()}


class ExecutionResultController(Controller):
    path = "/api/v1/test-executions/{id:str}"
    tags = ["test-executions"]

    @post(
        "/test-results",
        status_code=200,
        guards=[requires("change_test")],
        operation_id="post_results_v1_test_executions__id__test_results_post",
        opt={OTHER_BODIES: FILES},
        responses=failures(
            TestExecutionNotFound, ResultInvalid, ResultsUnreadable, TestCasesChanged, CallInFlight, Unavailable
        ),
    )
    async def post_results(
        self,
        id: FromPath[RowId],  # noqa: A002
        data: JSONBody[list[TestResultRequest] | None],
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        test_result_service: NamedDependency[TestResultService],
        idempotent_call: NamedDependency[IdempotentCall | None],
        prefer: Annotated[str | None, HeaderParameter(name="prefer")] = None,
    ) -> Response[list[RecordedResult] | None]:
        """Records results, each in place of an earlier one of its name; answers null unless you prefer more."""
        if data is not None:
            recorded = await test_result_service.post(id, data, caller, idempotent_call)
        else:
            media_type = request.content_type[0].lower()
            recorded = await test_result_service.take_in(id, request.stream(), media_type, caller, idempotent_call)
        if not _wants_representation(prefer):
            return Response(None)
        return Response(recorded, headers={"Preference-Applied": REPRESENTATION})

    @get(
        "/test-results",
        guards=[requires("view_test")],
        operation_id="get_test_results_v1_test_executions__id__test_results_get",
        responses=failures(TestExecutionNotFound),
    )
    async def get_test_results(
        self,
        id: FromPath[RowId],  # noqa: A002
        caller: NamedDependency[Caller],
        result_listing: NamedDependency[ResultListingRepository],
    ) -> Response[list[TestResultResponse]]:
        """All results of an execution, each with its issues and what came of its test case before."""
        content: Any = await result_listing.list_of_execution(id, shown_to(caller))
        return Response(content, media_type="application/json")

    @get("/raw-results", guards=[requires("view_test")], responses=failures(TestExecutionNotFound, Unavailable))
    async def list_raw_results(
        self,
        id: FromPath[RowId],  # noqa: A002
        test_result_service: NamedDependency[TestResultService],
    ) -> list[RawResultFile]:
        """The files that results came in, oldest first, with links to download them."""
        return await test_result_service.raw_files(id)


def _wants_representation(prefer: str | None) -> bool:
    """RFC 7240: preferences are separated by commas, their parameters by semicolons."""
    return any(
        part.partition(";")[0].replace(" ", "").replace('"', "").lower() == REPRESENTATION
        for part in (prefer or "").split(",")
    )
