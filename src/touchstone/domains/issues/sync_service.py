"""Synchronisation as people see it, and ask for it."""

import msgspec

from touchstone.adapters.issue_tracker import NotConfigured, Source
from touchstone.adapters.tracker_urls import DEFAULT_HOSTS
from touchstone.database.executor import Database, Executor
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.issues.sync_model import IssueSync, IssueSyncDisabled
from touchstone.domains.issues.sync_repository import IssueSyncRepository
from touchstone.domains.periodic_work.repository import PeriodicWorkRepository
from touchstone.domains.shapes.shown import shown_to
from touchstone.http.caller import Caller

PERIODIC_WORK = "synchronise_issues"


class IssueSyncService:
    """`configured` are the trackers that workers have access to."""

    def __init__(
        self, database: Database, configured: frozenset[tuple[Source, str]], *, is_enabled: bool = True
    ) -> None:
        self.database, self.configured, self.is_enabled = database, configured, is_enabled

    async def state(self, caller: Caller, issue_id: int) -> IssueSync:
        """Raises IssueNotFound."""
        return await self._read(self.database, caller, issue_id)

    async def ask_for(self, caller: Caller, issue_id: int) -> IssueSync:
        """A worker reads it next, unless its tracker is left alone just now.

        Raises IssueNotFound, IssueSyncDisabled, NotConfigured.
        """
        async with self.database.transaction() as transaction:
            state = await IssueSyncRepository(transaction).state(shown_to(caller), issue_id)
            if not self.is_enabled:
                raise IssueSyncDisabled
            if (state.source, state.host) not in self.configured:
                raise NotConfigured(system=state.host or DEFAULT_HOSTS[state.source])
            await IssueSyncRepository(transaction).ask_for(issue_id)
            await PeriodicWorkRepository(transaction).trigger_if_possible(PERIODIC_WORK, caller.name)
            await AuditRepository(transaction).record(caller, "ask_for_issue_sync", f"issue:{issue_id}")
            return await self._read(transaction, caller, issue_id)

    async def _read(self, executor: Executor, caller: Caller, issue_id: int) -> IssueSync:
        state = await IssueSyncRepository(executor).state(shown_to(caller), issue_id)
        known = {name: getattr(state, name) for name in msgspec.structs.asdict(state) if name not in ("source", "host")}
        is_configured = (state.source, state.host) in self.configured
        return IssueSync(is_enabled=self.is_enabled, is_configured=is_configured, **known)
