"""`/issues/{id}/sync`."""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from touchstone.adapters.issue_tracker import NotConfigured
from touchstone.domains.issues.model import IssueNotFound
from touchstone.domains.issues.sync_model import IssueSync, IssueSyncDisabled
from touchstone.domains.issues.sync_service import IssueSyncService
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId


class IssueSyncController(Controller):
    path = "/api/v1/issues/{issue_id:str}/sync"
    tags = ["issues"]

    @get(guards=[requires("view_issue")], responses=failures(IssueNotFound))
    async def get_issue_sync(
        self,
        issue_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        issue_sync_service: NamedDependency[IssueSyncService],
    ) -> IssueSync:
        """How an issue stands against its tracker: when it was read, when it will be, and what went wrong."""
        return await issue_sync_service.state(caller, issue_id)

    @post(
        guards=[requires("change_issue")],
        status_code=202,
        responses=failures(IssueNotFound, IssueSyncDisabled, NotConfigured),
    )
    async def sync_issue(
        self,
        issue_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        issue_sync_service: NamedDependency[IssueSyncService],
    ) -> IssueSync:
        """Has a worker read an issue from its tracker before all others."""
        return await issue_sync_service.ask_for(caller, issue_id)
