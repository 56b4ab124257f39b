"""What the rules no longer keep goes, batch by batch: each is a transaction of its own, and any may be the last."""

import time
from collections.abc import Awaitable, Callable

from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.jobs.removal import OldJobs
from touchstone.domains.keeping.model import KeepingRule, Page
from touchstone.domains.notifications.retention_repository import NotificationRetentionRepository
from touchstone.domains.retention_rules.model import RetentionKind
from touchstone.domains.retention_rules.repository import RetentionRuleRepository
from touchstone.domains.retention_rules.service import shortest
from touchstone.domains.test_executions.retention_repository import ExecutionRetentionRepository, Place
from touchstone.domains.test_results.retention_repository import ResultRetentionRepository
from touchstone.http.caller import SYSTEM

# what a run has not come to by then, the next one begins with
LONGEST_RUN_SECONDS = 1200.0
JOBS_AT_ONCE = 50
EXECUTIONS_LOOKED_AT = 1000
# each brings its log, attachments and index entries along: some seconds on a slow disk
RESULTS_AT_ONCE = 10_000
LOGS_LOOKED_AT = 5000
NOTIFICATIONS_AT_ONCE = 5000


class Removal:
    """One run over everything but the audit, which only its owner can cut. Any number of workers may do it."""

    def __init__(self, database: Database, old_jobs: OldJobs, *, seconds: float = LONGEST_RUN_SECONDS) -> None:
        self.database = database
        self.old_jobs = old_jobs
        self.ends_at = time.monotonic() + seconds

    async def run(self) -> dict[str, int]:
        """How many went, by kind. Raises Unavailable."""
        return {
            RetentionKind.JOBS: await self._in_batches(RetentionKind.JOBS, self.old_jobs.remove, JOBS_AT_ONCE),
            RetentionKind.JOB_LOGS: await self._in_batches(
                RetentionKind.JOB_LOGS, self.old_jobs.forget_logs, JOBS_AT_ONCE
            ),
            RetentionKind.TEST_EXECUTIONS: await self._executions(),
            RetentionKind.TEST_RESULT_LOGS: await self._pages(RetentionKind.TEST_RESULT_LOGS, self._logs),
            RetentionKind.RAW_RESULT_FILES: await self._pages(RetentionKind.RAW_RESULT_FILES, self._files),
            RetentionKind.NOTIFICATIONS: await self._in_batches(
                RetentionKind.NOTIFICATIONS,
                NotificationRetentionRepository(self.database).delete_old,
                NOTIFICATIONS_AT_ONCE,
            ),
        }

    def _goes_on(self) -> bool:
        return time.monotonic() < self.ends_at

    async def _rules(self, kind: RetentionKind) -> list[KeepingRule]:
        """None at all where no rule ends. Read for each batch: rules that are changed hold at once."""
        rules = await RetentionRuleRepository(self.database).list_of(kind)
        return rules if shortest(rules) is not None else []

    async def _in_batches(self, kind: RetentionKind, remove: Callable[[int, int], Awaitable[int]], at_most: int) -> int:
        gone = 0
        while self._goes_on() and (days := shortest(await self._rules(kind))) is not None:
            batch = await remove(days, at_most)
            gone += batch
            if batch < at_most:
                break
        return gone

    async def _executions(self) -> int:
        gone, place, is_over = 0, None, False
        while not is_over and self._goes_on() and (rules := await self._rules(RetentionKind.TEST_EXECUTIONS)):
            number, place = await self._execution_page(rules, place)
            gone, is_over = gone + number, place is None
        return gone

    async def _execution_page(self, rules: list[KeepingRule], after: Place | None) -> tuple[int, Place | None]:
        async with self.database.transaction() as transaction:
            page = await ExecutionRetentionRepository(transaction).delete_old(
                rules, after, looked_at=EXECUTIONS_LOOKED_AT, results=RESULTS_AT_ONCE
            )
            if page.gone:
                await AuditRepository(transaction).record(
                    SYSTEM,
                    "remove_old_test_executions",
                    "retention_rule:test_executions",
                    before={"ids": page.gone, "results": page.results},
                )
            return len(page.gone), page.last

    async def _pages(self, kind: RetentionKind, look: Callable[[list[KeepingRule], int], Awaitable[Page]]) -> int:
        gone, after = 0, 0
        while self._goes_on() and (rules := await self._rules(kind)):
            page = await look(rules, after)
            gone += len(page.gone)
            if page.last is None:
                break
            after = page.last
        return gone

    async def _logs(self, rules: list[KeepingRule], after: int) -> Page:
        """Without a note in the audit: verdicts stay, and the ids would take as much room as the texts."""
        return await ResultRetentionRepository(self.database).delete_old_logs(rules, after, LOGS_LOOKED_AT)

    async def _files(self, rules: list[KeepingRule], after: int) -> Page:
        async with self.database.transaction() as transaction:
            page = await ResultRetentionRepository(transaction).delete_old_files(rules, after, LOGS_LOOKED_AT)
            if page.gone:
                await AuditRepository(transaction).record(
                    SYSTEM, "remove_old_raw_files", "retention_rule:raw_result_files", before={"ids": page.gone}
                )
            return page
