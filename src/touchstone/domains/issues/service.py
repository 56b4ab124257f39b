"""Issues as people know them, and the results that they tie to them."""

from typing import Any

import msgspec

from touchstone.adapters.tracker_urls import TrackerHosts, issue_reference
from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.filters.model import ResultFiltersEmpty
from touchstone.domains.filters.schemas import TestResultSearchFilters
from touchstone.domains.issues.model import IssueRow, TestResultNotFound
from touchstone.domains.issues.repository import IssueRepository
from touchstone.domains.issues.schemas import IssueAttachmentRequest, IssuePatchRequest, IssuePutRequest
from touchstone.domains.issues.selected_repository import SelectedAttachmentRepository
from touchstone.domains.shapes.shown import Shown, shown_to
from touchstone.http.caller import Caller
from touchstone.http.guards import InsufficientPermissions

MOST_IDS_ON_RECORD = 100


class IssueService:
    """`is_strict`: whether automatic reruns are turned on and off only by who may, however he says it."""

    def __init__(self, database: Database, hosts: TrackerHosts, *, is_strict: bool = True) -> None:
        self.database = database
        self.hosts = hosts
        self.is_strict = is_strict

    async def put(self, caller: Caller, given: IssuePutRequest) -> bytes:
        """Raises UnrecognizedIssueUrl, InsufficientPermissions."""
        reference = issue_reference(given.url, self.hosts)
        shown = shown_to(caller, sources=[reference.source])
        async with self.database.transaction() as transaction:
            issues = IssueRepository(transaction)
            is_new = await issues.insert_if_new(reference)
            before = await issues.lock_by_reference(reference)
            await self._change(transaction, caller, before, given, is_new=is_new)
            return await issues.get(shown, before.id)

    async def change(self, caller: Caller, issue_id: int, given: IssuePatchRequest) -> bytes:
        """Raises IssueNotFound, InsufficientPermissions."""
        shown = shown_to(caller)
        async with self.database.transaction() as transaction:
            issues = IssueRepository(transaction)
            await self._change(transaction, caller, await issues.lock(shown, issue_id), given)
            return await issues.get(shown, issue_id)

    async def _change(
        self,
        transaction: Transaction,
        caller: Caller,
        before: IssueRow,
        given: IssuePatchRequest,
        *,
        is_new: bool = False,
    ) -> None:
        after = _changed(before, given)
        is_switched = before.auto_rerun_enabled != after.auto_rerun_enabled
        if self.is_strict and is_switched and not caller.may("change_auto_rerun"):
            raise InsufficientPermissions
        if after != before:
            await IssueRepository(transaction).update(after)
        if is_new:
            await _record(transaction, caller, "create_issue", before.id, after=after)
        elif after != before:
            await _record(transaction, caller, "update_issue", before.id, before=before, after=after)

    async def attach(self, caller: Caller, issue_id: int, request: IssueAttachmentRequest) -> bytes:
        """Raises IssueNotFound, AttachmentRuleNotFound, ResultFiltersEmpty, TestResultNotFound."""
        shown = _shown_for(caller, request)
        async with self.database.transaction() as transaction:
            await _require(transaction, shown, issue_id, request)
            attached = await SelectedAttachmentRepository(transaction).attach(
                issue_id,
                request.test_results or (),
                request.test_results_filters,
                shown.families,
                rule_id=request.attachment_rule,
                by=caller.name,
            )
            if attached.missing is not None:
                raise TestResultNotFound(id=attached.missing)
            if attached.count:
                await _record(transaction, caller, "attach_issue", issue_id, after=_told(request, attached.count))
            return await IssueRepository(transaction).get(shown, issue_id)

    async def detach(self, caller: Caller, issue_id: int, request: IssueAttachmentRequest) -> bytes:
        """Results that are not there are not attached either.

        Raises IssueNotFound, AttachmentRuleNotFound, ResultFiltersEmpty.
        """
        shown = _shown_for(caller, request)
        async with self.database.transaction() as transaction:
            await _require(transaction, shown, issue_id, request)
            count = await SelectedAttachmentRepository(transaction).detach(
                issue_id, request.test_results or (), request.test_results_filters, shown.families
            )
            if count:
                await _record(transaction, caller, "detach_issue", issue_id, before=_told(request, count))
            return await IssueRepository(transaction).get(shown, issue_id)


def _changed(row: IssueRow, given: IssuePatchRequest) -> IssueRow:
    values = {name: getattr(given, name) for name in ("title", "status", "auto_rerun_enabled")}
    return msgspec.structs.replace(row, **{name: value for name, value in values.items() if value is not None})


def _shown_for(caller: Caller, request: IssueAttachmentRequest) -> Shown:
    filters = request.test_results_filters
    return shown_to(caller, families=filters.families if filters else ())


async def _require(transaction: Transaction, shown: Shown, issue_id: int, request: IssueAttachmentRequest) -> None:
    issues = IssueRepository(transaction)
    await issues.require(shown, issue_id)
    if request.attachment_rule is not None:
        await issues.require_rule(request.attachment_rule)
    if request.test_results_filters is not None and request.test_results_filters.is_empty:
        raise ResultFiltersEmpty


def _told(request: IssueAttachmentRequest, count: int) -> dict[str, Any]:
    """What the audit keeps: of many ids only the first."""
    return {
        "results": count,
        "test_results": (request.test_results or [])[:MOST_IDS_ON_RECORD],
        "test_results_filters": _asked(request.test_results_filters),
        "attachment_rule": request.attachment_rule,
    }


def _asked(filters: TestResultSearchFilters | None) -> dict[str, Any] | None:
    if filters is None:
        return None
    given: dict[str, Any] = msgspec.to_builtins(filters)
    return {name: value for name, value in given.items() if value not in (None, [], {})}


async def _record(
    transaction: Transaction,
    caller: Caller,
    action: str,
    issue_id: int,
    *,
    before: Any = None,
    after: Any = None,
) -> None:
    await AuditRepository(transaction).record(caller, action, f"issue:{issue_id}", before=before, after=after)
