"""`/test-executions`: they start, are told of, changed and ended."""

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from touchstone.domains.artefacts.model import ArtefactTooLong
from touchstone.domains.shapes.executions import TestExecutionRelevantLinkResponse, TestExecutionResponse
from touchstone.domains.test_executions.model import (
    CiLinkTaken,
    CiLinkTooLong,
    ImageArchitectureDiffers,
    ImageArchitectureUnclear,
    ImageUnknown,
    LinkNotFound,
    RelatedTestExecutionNotFound,
    StartOvertaken,
)
from touchstone.domains.test_executions.repository import TestExecutionRepository
from touchstone.domains.test_executions.schemas import (
    EndTestExecutionRequest,
    StartedTestExecution,
    StatusUpdateRequest,
    TestEventResponse,
    TestExecutionRelevantLinkCreate,
    TestExecutionsPatchRequest,
)
from touchstone.domains.test_executions.service import TestExecutionService
from touchstone.domains.test_executions.start_requests import StartRequest
from touchstone.domains.test_results.model import ResultInvalid, TestCasesChanged, TestExecutionNotFound
from touchstone.errors import Outdated
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.preconditions import EDITION_HEADER, IfMatch, editions_allowed, with_edition
from touchstone.http.row_ids import RowId


class TestExecutionController(Controller):
    __test__ = False

    path = "/api/v1/test-executions"
    tags = ["test-executions"]

    @put(
        "/start-test",
        guards=[requires("change_test")],
        operation_id="start_test_execution_v1_test_executions_start_test_put",
        description=(
            "An execution is known by its CI link: a repeated call answers the same one, and one with other data the "
            "old one with `conflict`. Without a CI link each call starts a new one."
        ),
        responses=failures(
            ImageUnknown,
            ImageArchitectureDiffers,
            ImageArchitectureUnclear,
            ArtefactTooLong,
            CiLinkTooLong,
            StartOvertaken,
        ),
    )
    async def start_test(
        self,
        data: JSONBody[StartRequest],  # pyright: ignore[reportInvalidTypeForm, reportUnknownParameterType]
        caller: NamedDependency[Caller],
        test_execution_service: NamedDependency[TestExecutionService],
    ) -> StartedTestExecution:
        """Starts a test plan on a build in an environment, all of which are made if need be."""
        return await test_execution_service.start(caller, data)  # pyright: ignore[reportUnknownArgumentType]

    @put(
        "/end-test",
        guards=[requires("change_test")],
        operation_id="end_test_execution_v1_test_executions_end_test_put",
        responses=failures(RelatedTestExecutionNotFound, ResultInvalid, TestCasesChanged),
    )
    async def end_test(
        self,
        data: JSONBody[EndTestExecutionRequest],
        caller: NamedDependency[Caller],
        test_execution_service: NamedDependency[TestExecutionService],
    ) -> None:
        """Ends the execution of a CI link with all its results, which replace those that it has."""
        await test_execution_service.end(caller, data)

    @get(
        "/{id:str}",
        guards=[requires("view_test")],
        operation_id="get_test_execution_v1_test_executions__id__get",
        response_headers=[EDITION_HEADER],
        responses=failures(TestExecutionNotFound),
    )
    async def get_test_execution(
        self,
        id: FromPath[RowId],  # noqa: A002
        test_executions: NamedDependency[TestExecutionRepository],
    ) -> Response[TestExecutionResponse]:
        """One execution."""
        shown = await test_executions.get_shown(id)
        return with_edition(bytes(shown.body), shown.edition)

    @patch(
        "/{id:str}",
        guards=[requires("change_test")],
        operation_id="patch_test_execution_v1_test_executions__id__patch",
        description=(
            "COMPLETED stands for FAILED when a result failed, PASSED when there are others, and else "
            "ENDED_PREMATURELY."
        ),
        response_headers=[EDITION_HEADER],
        responses=failures(TestExecutionNotFound, Outdated, CiLinkTaken, CiLinkTooLong),
    )
    async def patch_test_execution(
        self,
        id: FromPath[RowId],  # noqa: A002
        data: JSONBody[TestExecutionsPatchRequest],
        caller: NamedDependency[Caller],
        test_execution_service: NamedDependency[TestExecutionService],
        if_match: IfMatch = None,
    ) -> Response[TestExecutionResponse]:
        """Changes the status or the links of an execution, and adds metadata."""
        shown = await test_execution_service.change(caller, id, data, editions_allowed(if_match))
        return with_edition(bytes(shown.body), shown.edition)

    @post(
        "/{id:str}/links",
        status_code=200,
        guards=[requires("change_test")],
        operation_id="post_link_v1_test_executions__id__links_post",
        responses=failures(TestExecutionNotFound),
    )
    async def post_link(
        self,
        id: FromPath[RowId],  # noqa: A002
        data: JSONBody[TestExecutionRelevantLinkCreate],
        caller: NamedDependency[Caller],
        test_execution_service: NamedDependency[TestExecutionService],
    ) -> TestExecutionRelevantLinkResponse:
        """Adds a link, unless the execution has it."""
        return await test_execution_service.add_link(caller, id, data)

    @delete(
        "/{id:str}/links/{link_id:str}",
        guards=[requires("change_test")],
        operation_id="delete_link_v1_test_executions__id__links__link_id__delete",
        responses=failures(TestExecutionNotFound, LinkNotFound),
    )
    async def delete_link(
        self,
        id: FromPath[RowId],  # noqa: A002
        link_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        test_execution_service: NamedDependency[TestExecutionService],
    ) -> None:
        """Takes a link off an execution."""
        await test_execution_service.delete_link(caller, id, link_id)

    @put(
        "/{id:str}/status_update",
        guards=[requires("change_test")],
        operation_id="put_status_update_v1_test_executions__id__status_update_put",
        description=(
            "A job_start that comes first says where it ran. A job_end that comes last ends an execution that has "
            "neither passed nor failed."
        ),
        responses=failures(TestExecutionNotFound),
    )
    async def put_status_update(
        self,
        id: FromPath[RowId],  # noqa: A002
        data: JSONBody[StatusUpdateRequest],
        caller: NamedDependency[Caller],
        test_execution_service: NamedDependency[TestExecutionService],
    ) -> None:
        """Replaces the events of an execution's course."""
        await test_execution_service.replace_events(caller, id, data.events)

    @post(
        "/{id:str}/status_update",
        status_code=200,
        guards=[requires("change_test")],
        operation_id="post_status_update_v1_test_executions__id__status_update_post",
        responses=failures(TestExecutionNotFound),
    )
    async def post_status_update(
        self,
        id: FromPath[RowId],  # noqa: A002
        data: JSONBody[StatusUpdateRequest],
        caller: NamedDependency[Caller],
        test_execution_service: NamedDependency[TestExecutionService],
    ) -> None:
        """Adds events to an execution's course."""
        await test_execution_service.add_events(caller, id, data.events)

    @get(
        "/{id:str}/status_update",
        guards=[requires("view_test")],
        operation_id="get_status_update_v1_test_executions__id__status_update_get",
        responses=failures(TestExecutionNotFound),
    )
    async def get_status_update(
        self,
        id: FromPath[RowId],  # noqa: A002
        test_execution_service: NamedDependency[TestExecutionService],
    ) -> list[TestEventResponse]:
        """The events of an execution's course, in the order of their times."""
        return await test_execution_service.list_events(id)
