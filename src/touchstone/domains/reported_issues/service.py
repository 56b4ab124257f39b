"""Known problems of test cases and environments, kept beside them; each change is on record."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from touchstone.database.executor import Database, Executor, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.reported_issues.model import ReportedIssueNotFound, Subject, require_tracker_url
from touchstone.domains.reported_issues.repository import (
    EnvironmentReportedIssueRepository,
    ReportedIssues,
    TestCaseReportedIssueRepository,
)
from touchstone.domains.reported_issues.schemas import EnvironmentReportedIssueRequest, TestReportedIssueRequest
from touchstone.http.caller import Caller

Given = TypeVar("Given", EnvironmentReportedIssueRequest, TestReportedIssueRequest)


class _Reporting(Generic[Given]):
    """`names` are the hosts that an address may name."""

    def __init__(
        self,
        database: Database,
        names: frozenset[str],
        subject: Subject,
        repository: Callable[[Executor], ReportedIssues[Given]],
    ) -> None:
        self.database = database
        self.names = names
        self.noun = f"{subject}_reported_issue"
        self.repository = repository

    async def create(self, caller: Caller, new: Given) -> bytes:
        """Raises NoTrackerUrl."""
        require_tracker_url(new.url, self.names)
        async with self.database.transaction() as transaction:
            created = await self.repository(transaction).insert(new)
            assert created is not None  # an insert returns its row
            await self._record(transaction, caller, "create", None, created)
        return created

    async def replace(self, caller: Caller, issue_id: int, changed: Given) -> bytes:
        """Raises ReportedIssueNotFound, NoTrackerUrl."""
        require_tracker_url(changed.url, self.names)
        async with self.database.transaction() as transaction:
            repository = self.repository(transaction)
            before = await repository.lock(issue_id)
            after = await repository.update(issue_id, changed)
            if before is None or after is None:
                raise ReportedIssueNotFound(id=issue_id)
            await self._record(transaction, caller, "update", before, after)
        return after

    async def delete(self, caller: Caller, issue_id: int) -> None:
        """Raises ReportedIssueNotFound."""
        async with self.database.transaction() as transaction:
            repository = self.repository(transaction)
            before = await repository.lock(issue_id)
            if before is None:
                raise ReportedIssueNotFound(id=issue_id)
            await repository.delete(issue_id)
            await self._record(transaction, caller, "delete", before, None)

    async def _record(
        self, transaction: Transaction, caller: Caller, verb: str, before: bytes | None, after: bytes | None
    ) -> None:
        old, new = (_decoded(row) for row in (before, after))
        subject = f"{self.noun}:{(new or old)['id']}"
        await AuditRepository(transaction).record(
            caller, f"{verb}_{self.noun}", subject, before=old or None, after=new or None
        )


def _decoded(row: bytes | None) -> dict[str, Any]:
    return msgspec.json.decode(row, type=dict[str, Any]) if row else {}


class EnvironmentReportedIssueService(_Reporting[EnvironmentReportedIssueRequest]):
    def __init__(self, database: Database, names: frozenset[str]) -> None:
        super().__init__(database, names, "environment", EnvironmentReportedIssueRepository)


class TestCaseReportedIssueService(_Reporting[TestReportedIssueRequest]):
    __test__ = False

    def __init__(self, database: Database, names: frozenset[str]) -> None:
        super().__init__(database, names, "test_case", TestCaseReportedIssueRepository)
