"""Runs that people ask for."""

from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.periodic_work.model import PeriodicWork, PeriodicWorkDisabled, PeriodicWorkUnregistered
from touchstone.domains.periodic_work.repository import PeriodicWorkRepository
from touchstone.http.caller import Caller


class PeriodicWorkService:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def trigger(self, caller: Caller, name: str) -> PeriodicWork:
        """A worker begins a run soon, after the one that may be going on.

        Raises PeriodicWorkNotFound, PeriodicWorkDisabled, PeriodicWorkUnregistered.
        """
        async with self.database.transaction() as transaction:
            works = PeriodicWorkRepository(transaction)
            is_triggered = await works.trigger_if_possible(name, caller.name)
            found = await works.get(name)
            if not is_triggered:
                refusal = PeriodicWorkUnregistered if found.is_enabled else PeriodicWorkDisabled
                raise refusal(name=name)
            await AuditRepository(transaction).record(caller, "trigger_periodic_work", f"periodic_work:{name}")
            return found
