"""`/test-executions/reruns`."""

from typing import Annotated, Any, ClassVar

from litestar import Controller, Response, delete, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from touchstone.domains.families.model import FamilyName
from touchstone.domains.filters.model import ExecutionFiltersEmpty, ResultFiltersEmpty
from touchstone.domains.reruns.model import NoExecutionsFound, RerunClaimedByOther, RerunNotFound, SilenceRequired
from touchstone.domains.reruns.repository import RerunRepository
from touchstone.domains.reruns.schemas import (
    DeleteReruns,
    PendingRerun,
    RerunClaim,
    RerunRelease,
    RerunRenewal,
    RerunRequest,
    WantedReruns,
)
from touchstone.domains.reruns.service import RerunService
from touchstone.domains.shapes.shown import shown_to
from touchstone.http.caller import Caller
from touchstone.http.guards import Access, InsufficientPermissions, requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import answer, failures
from touchstone.http.row_ids import RowId


def not_negative(limit: int) -> int:
    """Raises ValueError. The contract states no bound."""
    if limit < 0:
        raise ValueError("A limit is not negative")
    return limit


Limit = Annotated[int, Meta(extra={"check": not_negative})]
SOME_FOUND = {207: answer(list[PendingRerun], "Some of the executions are not there: what was requested of the others")}


class ChangesReruns(Access):
    """The permission is tested further in: after the request, because rules of teams may grant it for the artefacts."""

    permissions: ClassVar[tuple[str, ...]] = ("change_rerun",)  # pyright: ignore[reportIncompatibleVariableOverride]

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        return None


class RerunController(Controller):
    path = "/api/v1/test-executions/reruns"
    tags = ["test-executions"]

    @post(
        guards=[ChangesReruns()],
        status_code=200,
        operation_id="create_rerun_requests_v1_test_executions_reruns_post",
        responses=failures(
            SilenceRequired, ResultFiltersEmpty, ExecutionFiltersEmpty, InsufficientPermissions, NoExecutionsFound
        )
        | SOME_FOUND,
    )
    async def create_rerun_requests(
        self,
        data: JSONBody[RerunRequest],
        caller: NamedDependency[Caller],
        rerun_service: NamedDependency[RerunService],
        silent: FromQuery[bool] = False,
    ) -> Response[list[PendingRerun] | None]:
        """Asks for the groups of executions to be run again: by ids, or silently by filters."""
        if silent:
            await rerun_service.request_silently(caller, data)
            return json_answer(b"null")
        found = await rerun_service.request(caller, data)
        status = 200 if found.are_all_found else 207
        content: Any = found.written
        return Response(content, status_code=status, media_type="application/json")

    @get(guards=[requires("view_rerun")], operation_id="get_rerun_requests_v1_test_executions_reruns_get")
    async def get_rerun_requests(
        self,
        caller: NamedDependency[Caller],
        reruns: NamedDependency[RerunRepository],
        family: FromQuery[FamilyName | None] = None,
        limit: FromQuery[Limit | None] = None,
        environment: FromQuery[str | None] = None,
        environment_architecture: FromQuery[str | None] = None,
        build_architecture: FromQuery[str | None] = None,
    ) -> Response[list[PendingRerun]]:
        """What is to be run again, the most urgent first; what is claimed, too."""
        wanted = WantedReruns(
            family=family,
            environment=environment,
            environment_architecture=environment_architecture,
            build_architecture=build_architecture,
        )
        return json_answer(await reruns.list_next(wanted, shown_to(caller, families=[family]), limit))

    @delete(
        guards=[ChangesReruns()],
        status_code=200,
        operation_id="delete_rerun_requests_v1_test_executions_reruns_delete",
        responses=failures(ResultFiltersEmpty, ExecutionFiltersEmpty, InsufficientPermissions),
    )
    async def delete_rerun_requests(
        self,
        data: JSONBody[DeleteReruns],
        caller: NamedDependency[Caller],
        rerun_service: NamedDependency[RerunService],
    ) -> None:
        """Takes back the requests of the groups of executions."""
        await rerun_service.delete(caller, data)

    @post(
        "/claim",
        guards=[requires("change_rerun")],
        status_code=200,
        responses=failures(InsufficientPermissions),
    )
    async def claim_rerun_requests(
        self,
        data: JSONBody[RerunClaim],
        caller: NamedDependency[Caller],
        rerun_service: NamedDependency[RerunService],
    ) -> Response[list[PendingRerun]]:
        """Gives the most urgent free requests to one scheduler, until the lease is over or the test starts."""
        return json_answer(await rerun_service.claim(caller, data))

    @post(
        "/{rerun_id:str}/renew",
        guards=[requires("change_rerun")],
        status_code=200,
        responses=failures(RerunNotFound, RerunClaimedByOther),
    )
    async def renew_rerun_claim(
        self,
        rerun_id: FromPath[RowId],
        data: JSONBody[RerunRenewal],
        caller: NamedDependency[Caller],
        rerun_service: NamedDependency[RerunService],
    ) -> Response[list[PendingRerun]]:
        """Prolongs the lease of a claimed request, counted from now."""
        return json_answer(await rerun_service.renew(caller, rerun_id, data))

    @post(
        "/{rerun_id:str}/release",
        guards=[requires("change_rerun")],
        status_code=204,
        responses=failures(RerunNotFound, RerunClaimedByOther),
    )
    async def release_rerun_claim(
        self,
        rerun_id: FromPath[RowId],
        data: JSONBody[RerunRelease],
        caller: NamedDependency[Caller],
        rerun_service: NamedDependency[RerunService],
    ) -> None:
        """Gives a claimed request back to whoever claims next."""
        await rerun_service.release(caller, rerun_id, data)
