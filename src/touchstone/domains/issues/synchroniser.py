"""Reads issues from their trackers. No connection to the database is held while a tracker is asked.

Any number of workers may do it: what one has leased the others leave.
"""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Protocol

import structlog

from touchstone.adapters.issue_tracker import (
    CredentialsRefused,
    Fetched,
    IssueReference,
    NotModified,
    RateLimited,
    Source,
)
from touchstone.adapters.tracker_urls import issue_url
from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.issues.sync_model import ClaimedIssue, IssueCollides, SyncTiers
from touchstone.domains.issues.sync_repository import IssueSyncRepository
from touchstone.errors import Failure, Unavailable
from touchstone.http.caller import SYSTEM

log: Any = structlog.get_logger("touchstone.issues")

BATCHES_A_RUN = 20
ASKED_AT_ONCE = 4
LEASE_SECONDS = 900.0
FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 86_400.0
# so many failures of the tracker itself without a success between them, and it is left alone
MOST_TROUBLE = 3
TROUBLE_SECONDS = 300.0
LONGEST_ERROR = 1000

Tracker = tuple[Source, str]
Answer = Fetched | NotModified | RateLimited | Failure


class Trackers(Protocol):
    """What is asked of IssueTrackers."""

    @property
    def configured(self) -> frozenset[Tracker]: ...

    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified: ...


class UnexpectedAnswer(Failure):
    """{kind}; the worker's log says more"""


class IssueSynchroniser:
    def __init__(
        self,
        database: Database,
        trackers: Trackers,
        tiers: SyncTiers,
        *,
        batch_size: int = 50,
    ) -> None:
        self.database, self.trackers, self.tiers, self.batch_size = database, trackers, tiers, batch_size

    async def turn(self) -> dict[str, int]:
        """Reads what is due, and answers how many came out how; what is more than a run takes is left to the next."""
        counts: dict[str, int] = defaultdict(int)
        issues = IssueSyncRepository(self.database)
        await issues.bring_forward(self.tiers)
        for _ in range(BATCHES_A_RUN):
            claimed = await issues.claim_due(self.trackers.configured, self.batch_size, LEASE_SECONDS)
            for outcome in await self._read_all(claimed):
                counts[outcome] += 1
            if len(claimed) < self.batch_size:
                break
        return dict(counts)

    async def _read_all(self, claimed: Iterable[ClaimedIssue]) -> list[str]:
        visits: dict[Tracker, Visit] = {}
        reads = [
            visits.setdefault((issue.source, issue.host), Visit(self, issue.source, issue.host)).read(issue)
            for issue in claimed
        ]
        ended = await asyncio.gather(*reads, return_exceptions=True)
        for end in ended:
            if isinstance(end, BaseException):
                raise end
        return [end for end in ended if isinstance(end, str)]

    async def ask(self, issue: ClaimedIssue) -> Answer:
        """Whatever goes wrong with one issue is an answer, so that the others are read."""
        try:
            return await self.trackers.fetch(issue.reference, issue.etag)
        except Failure as failure:
            return failure
        except Exception as error:
            log.exception("an issue could not be read", issue=issue.id)
            return UnexpectedAnswer(kind=type(error).__name__)

    async def settle(self, issue: ClaimedIssue, found: Fetched) -> str:
        async with self.database.transaction() as transaction:
            issues = IssueSyncRepository(transaction)
            moved_to = found.moved_to if found.moved_to != issue.reference else None
            note = await self._collision(issues, issue, moved_to) if moved_to else None
            settled = await issues.settle(self.tiers, issue, found, note)
            if settled is None:
                return "lost"
            before, after = settled.before, settled.after
            if moved_to and note is None:
                await issues.move(issue.id, moved_to)
                await _record(transaction, issue.id, {"url": issue_url(issue.reference)}, {"url": issue_url(moved_to)})
            if before != after:
                await _record(transaction, issue.id, before, after)
            return "unchanged" if before == after and not moved_to else "changed"

    async def _collision(
        self, issues: IssueSyncRepository, issue: ClaimedIssue, moved_to: IssueReference
    ) -> str | None:
        other = await issues.find_id(moved_to)
        if other is None or other == issue.id:
            return None
        return f"It has moved to {issue_url(moved_to)}, which is issue {other} here"


class Visit:
    """A batch's issues of one tracker: few at once, and none any more once it wants to be left alone."""

    def __init__(self, synchroniser: IssueSynchroniser, source: Source, host: str) -> None:
        self.synchroniser = synchroniser
        self.source: Source = source
        self.host = host
        self.issues = IssueSyncRepository(synchroniser.database)
        self.places = asyncio.Semaphore(ASKED_AT_ONCE)
        self.trouble = 0
        self.is_over = False

    async def read(self, issue: ClaimedIssue) -> str:
        """The outcome in a word."""
        async with self.places:
            if self.is_over:
                return await self._put_off(issue)
            answer = await self.synchroniser.ask(issue)
            if isinstance(answer, RateLimited):
                await self._leave_alone(answer.until, str(answer))
                return await self._put_off(issue)
            if isinstance(answer, Failure):
                return await self._fail(issue, answer)
            self.trouble = 0
            return await self._settle(issue, answer)

    async def _settle(self, issue: ClaimedIssue, answer: Fetched | NotModified) -> str:
        if isinstance(answer, NotModified):
            is_ours = await self.issues.note_unchanged(self.synchroniser.tiers, issue)
            return "unchanged" if is_ours else "lost"
        try:
            return await self.synchroniser.settle(issue, answer)
        except IssueCollides as collision:
            return await self._fail(issue, collision)

    async def _put_off(self, issue: ClaimedIssue) -> str:
        await self.issues.release(issue)
        return "put_off"

    async def _fail(self, issue: ClaimedIssue, failure: Failure) -> str:
        error = str(failure).replace("\0", "")[:LONGEST_ERROR]
        await self.issues.note_failure(issue, error, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self.trouble += isinstance(failure, Unavailable | CredentialsRefused)
        if self.trouble >= MOST_TROUBLE:
            await self._leave_alone(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=TROUBLE_SECONDS), error)
        return "failed"

    async def _leave_alone(self, until: dt.datetime, reason: str) -> None:
        self.is_over = True
        await self.issues.pause(self.source, self.host, until, reason[:LONGEST_ERROR])
        log.warning("a tracker is left alone", source=self.source, host=self.host, until=until.isoformat())


async def _record(transaction: Transaction, issue_id: int, before: Any, after: Any) -> None:
    await AuditRepository(transaction).record(
        SYSTEM, "synchronise_issue", f"issue:{issue_id}", before=before, after=after
    )
