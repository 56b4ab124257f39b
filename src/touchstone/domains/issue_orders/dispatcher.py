"""Makes the issues that are wanted. No connection to the database is held while a tracker is asked.

The marker of an order is in the issue: who tries again, because a worker was killed between the tracker's answer and
ours, finds what is there.
"""

import datetime as dt
from typing import Any, Protocol

import msgspec
import structlog

from touchstone.adapters.issue_tracker import (
    IssueReference,
    NewIssue,
    NotAccepted,
    NotConfigured,
    NotThere,
    RateLimited,
    ReadOnly,
    TrackerProject,
)
from touchstone.adapters.tracker_urls import issue_url
from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.issue_orders.model import ClaimedOrder
from touchstone.domains.issue_orders.repository import IssueOrderRepository
from touchstone.domains.issues.repository import IssueRepository
from touchstone.domains.issues.selected_repository import SelectedAttachmentRepository
from touchstone.domains.shapes.issues import IssueStatus
from touchstone.errors import Failure
from touchstone.http.caller import SYSTEM

log: Any = structlog.get_logger("touchstone.issue_orders")

AT_ONCE = 10
BATCHES_A_RUN = 10
LEASE_SECONDS = 900.0
# a minute after the first attempt, then twice as long each time: for most of a day
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, MOST_ATTEMPTS = 60, 6 * 3600, 12
LONGEST_ERROR = 1000
FINAL = (NotAccepted, NotConfigured, NotThere, ReadOnly)


class Makes(Protocol):
    """What is asked of IssueTrackers."""

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference: ...


class UnexpectedAnswer(Failure):
    """{kind}; the worker's log says more"""


class IssueOrderDispatcher:
    def __init__(self, database: Database, trackers: Makes) -> None:
        self.database, self.trackers = database, trackers

    async def turn(self) -> dict[str, int]:
        """Answers how many were made, put off, and given up."""
        counts = {"made": 0, "put_off": 0, "failed": 0}
        for _ in range(BATCHES_A_RUN):
            claimed = await IssueOrderRepository(self.database).claim_due(AT_ONCE, LEASE_SECONDS)
            for order in claimed:
                counts[await self._make(order)] += 1
            if len(claimed) < AT_ONCE:
                break
        return counts

    async def _make(self, order: ClaimedOrder) -> str:
        new = NewIssue(order.title, order.text, tuple(order.labels), order.marker)
        try:
            reference = await self.trackers.create(order.tracker_project, new)
        except Failure as failure:
            return await self._settle_failure(order, failure)
        except Exception as error:
            log.exception("an issue could not be made", order=order.id)
            return await self._settle_failure(order, UnexpectedAnswer(kind=type(error).__name__))
        await self._finish(order, reference)
        return "made"

    async def _settle_failure(self, order: ClaimedOrder, failure: Failure) -> str:
        orders, error = IssueOrderRepository(self.database), str(failure).replace("\0", "")[:LONGEST_ERROR]
        log.warning("an issue was not made", order=order.id, attempt=order.attempts, reason=error)
        if isinstance(failure, FINAL) or order.attempts >= MOST_ATTEMPTS:
            await orders.fail_if_leased(order, error)
            return "failed"
        await orders.retry_if_leased(order, _try_at(order, failure), error)
        return "put_off"

    async def _finish(self, order: ClaimedOrder, reference: IssueReference) -> None:
        async with self.database.transaction() as transaction:
            issues = IssueRepository(transaction)
            is_new = await issues.insert_if_new(reference)
            issue = await issues.lock_by_reference(reference)
            if not await IssueOrderRepository(transaction).finish_if_leased(order, issue.id):
                return  # somebody else has it now, and finds the same issue by its marker
            if is_new:
                await issues.update(msgspec.structs.replace(issue, title=order.title, status=IssueStatus.OPEN))
            await self._attach(transaction, order, issue.id)
            told = {"issue_order": order.id, "url": issue_url(reference), "title": order.title}
            await AuditRepository(transaction).record(SYSTEM, "create_issue", f"issue:{issue.id}", after=told)

    async def _attach(self, transaction: Transaction, order: ClaimedOrder, issue_id: int) -> None:
        if order.test_result_id is None:
            return
        results = [order.test_result_id]
        attachments = SelectedAttachmentRepository(transaction)
        attached = await attachments.attach(issue_id, results, None, (), rule_id=None, by=order.ordered_by)
        if attached.count:
            told = {"test_results": results, "ordered_by": order.ordered_by}
            await AuditRepository(transaction).record(SYSTEM, "attach_issue", f"issue:{issue_id}", after=told)


def _try_at(order: ClaimedOrder, failure: Failure) -> dt.datetime:
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (order.attempts - 1), LONGEST_PAUSE_SECONDS)
    again = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=pause)
    return max(again, failure.until) if isinstance(failure, RateLimited) else again
