"""Removes what the attempts of ended jobs worked with: configs, finished samples, outcomes. Results lie elsewhere."""

from touchstone.adapters.object_store import ObjectStore
from touchstone.database.executor import Database
from touchstone.domains.jobs.kinds import Layout
from touchstone.domains.jobs.leftover_repository import Leftover, LeftoverRepository

# a sweep that finds more leaves it to the next
JOBS_A_SWEEP = 500


class JobLeftovers:
    """Any number of workers may do it at once, and each may die at any point: the next sweep goes on."""

    def __init__(self, database: Database, store: ObjectStore, layout: Layout) -> None:
        self.leftovers = LeftoverRepository(database)
        self.store = store
        self.layout = layout

    async def remove_old(self, kept_days: int) -> int:
        """Of jobs that ended so many days ago; answers how many jobs it saw to."""
        found = await self.leftovers.list_oldest(kept_days, JOBS_A_SWEEP)
        for leftover in found:
            await self._remove(leftover)
        return len(found)

    async def _remove(self, leftover: Leftover) -> None:
        """Lists before it looks whether the job is still ended, so that a new attempt keeps what it has written."""
        keys = [stored.key async for stored in self.store.list(self.layout.work(leftover.id))]
        if await self.leftovers.is_still_ended(leftover):
            await self.store.delete(keys)
            await self.leftovers.mark_removed_if_ended(leftover)
