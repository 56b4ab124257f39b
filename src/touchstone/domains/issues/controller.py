"""`/issues`."""

from typing import Annotated, ClassVar

from litestar import Controller, Response, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from touchstone.adapters.tracker_urls import UnrecognizedIssueUrl
from touchstone.domains.families.model import FamilyName
from touchstone.domains.filters.model import ResultFiltersEmpty
from touchstone.domains.issues.model import AttachmentRuleNotFound, IssueNotFound, TestResultNotFound
from touchstone.domains.issues.repository import IssueRepository
from touchstone.domains.issues.schemas import (
    IssueAttachmentRequest,
    IssuePatchRequest,
    IssuePutRequest,
    IssueResponse,
    IssuesGetResponse,
    Offset,
    PageSize,
    Sought,
)
from touchstone.domains.issues.service import IssueService
from touchstone.domains.shapes.issues import IssueSource, IssueStatus
from touchstone.domains.shapes.shown import shown_to
from touchstone.http.caller import Caller, caller_of
from touchstone.http.guards import Access, Connection, InsufficientPermissions, requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId

Statuses = Annotated[list[IssueStatus], Meta(max_length=10_000)]
Families = Annotated[list[FamilyName], Meta(max_length=10_000)]


class ChangesIssue(Access):
    """The contract asks for the second permission where a query names automatic reruns; what bodies say comes later."""

    permissions: ClassVar[tuple[str, ...]] = ("change_issue", "change_auto_rerun")  # pyright: ignore[reportIncompatibleVariableOverride]

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Raises InsufficientPermissions."""
        asked = self.permissions if "auto_rerun_enabled" in connection.query_params else self.permissions[:1]
        if not caller_of(connection).may(*asked):
            raise InsufficientPermissions


class ChangesAttachments(Access):
    """The second permission is for more than one result, which only the body tells."""

    permissions: ClassVar[tuple[str, ...]] = ("change_issue_attachment", "change_issue_attachment_bulk")  # pyright: ignore[reportIncompatibleVariableOverride]

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Raises InsufficientPermissions."""
        if not caller_of(connection).may(self.permissions[0]):
            raise InsufficientPermissions


def require_bulk(caller: Caller, request: IssueAttachmentRequest) -> None:
    """Raises InsufficientPermissions."""
    if request.is_bulk and not caller.may("change_issue_attachment_bulk"):
        raise InsufficientPermissions


class IssueController(Controller):
    path = "/api/v1/issues"
    tags = ["issues"]

    @get(guards=[requires("view_issue")], operation_id="get_issues_v1_issues_get")
    async def get_issues(
        self,
        caller: NamedDependency[Caller],
        issues: NamedDependency[IssueRepository],
        source: FromQuery[IssueSource | None] = None,
        project: FromQuery[str | None] = None,
        status: FromQuery[Statuses | None] = None,
        families: FromQuery[Families | None] = None,
        limit: FromQuery[PageSize] = 50,
        offset: FromQuery[Offset] = 0,
        q: FromQuery[Sought | None] = None,
    ) -> Response[IssuesGetResponse]:
        """Known problems by source, project and key; every word of `q` must stand somewhere in one."""
        page = await issues.list_page(
            shown_to(caller, families=families or (), sources=[source]),
            source=source,
            project=project,
            statuses=status or (),
            families=families or (),
            words=(q or "").split(),
            limit=limit,
            offset=offset,
        )
        return json_answer(page)

    @put(
        guards=[requires("change_issue")],
        operation_id="create_or_update_issue_v1_issues_put",
        responses=failures(UnrecognizedIssueUrl, InsufficientPermissions),
    )
    async def create_or_update_issue(
        self,
        data: JSONBody[IssuePutRequest],
        caller: NamedDependency[Caller],
        issue_service: NamedDependency[IssueService],
    ) -> Response[IssueResponse]:
        """Makes known, or changes, what a tracker has at this address."""
        return json_answer(await issue_service.put(caller, data))

    @get(
        "/{issue_id:str}",
        guards=[requires("view_issue")],
        operation_id="get_issue_v1_issues__issue_id__get",
        responses=failures(IssueNotFound),
    )
    async def get_issue(
        self,
        issue_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        issues: NamedDependency[IssueRepository],
    ) -> Response[IssueResponse]:
        """One issue with its rules."""
        return json_answer(await issues.get(shown_to(caller), issue_id))

    @patch(
        "/{issue_id:str}",
        guards=[ChangesIssue()],
        operation_id="patch_issue_v1_issues__issue_id__patch",
        responses=failures(IssueNotFound, InsufficientPermissions),
    )
    async def patch_issue(
        self,
        issue_id: FromPath[RowId],
        data: JSONBody[IssuePatchRequest],
        caller: NamedDependency[Caller],
        issue_service: NamedDependency[IssueService],
        title: FromQuery[str | None] = None,
        status: FromQuery[IssueStatus | None] = None,
        auto_rerun_enabled: FromQuery[bool | None] = None,
    ) -> Response[IssueResponse]:
        """Changes what the body says; the query changes nothing."""
        return json_answer(await issue_service.change(caller, issue_id, data))

    @post(
        "/{issue_id:str}/attach",
        status_code=200,
        guards=[ChangesAttachments()],
        operation_id="add_issue_attachments_v1_issues__issue_id__attach_post",
        responses=failures(
            IssueNotFound, AttachmentRuleNotFound, TestResultNotFound, ResultFiltersEmpty, InsufficientPermissions
        ),
    )
    async def add_issue_attachments(
        self,
        issue_id: FromPath[RowId],
        data: JSONBody[IssueAttachmentRequest],
        caller: NamedDependency[Caller],
        issue_service: NamedDependency[IssueService],
    ) -> Response[IssueResponse]:
        """Says that an issue explains results; what is attached already stays as it is."""
        require_bulk(caller, data)
        return json_answer(await issue_service.attach(caller, issue_id, data))

    @post(
        "/{issue_id:str}/detach",
        status_code=200,
        guards=[ChangesAttachments()],
        operation_id="remove_issue_attachments_v1_issues__issue_id__detach_post",
        responses=failures(IssueNotFound, AttachmentRuleNotFound, ResultFiltersEmpty, InsufficientPermissions),
    )
    async def remove_issue_attachments(
        self,
        issue_id: FromPath[RowId],
        data: JSONBody[IssueAttachmentRequest],
        caller: NamedDependency[Caller],
        issue_service: NamedDependency[IssueService],
    ) -> Response[IssueResponse]:
        """Takes results off an issue, whoever attached them."""
        require_bulk(caller, data)
        return json_answer(await issue_service.detach(caller, issue_id, data))
