"""Objects that no row refers to: noted when they are found, removed when they still are a day later.

A row may go and its object stay wherever a process dies between the two; the other way round never.
"""

import datetime as dt
from collections.abc import AsyncIterator, Sequence

from touchstone.adapters.object_store import ObjectStore, StoredObject
from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.jobs.kinds import Layout, target_dataset_id
from touchstone.domains.stored_objects.model import OrphansFound, OwnedObject, Owner, Place
from touchstone.domains.stored_objects.places import owned, owner_of, places_of
from touchstone.domains.stored_objects.repository import StoredObjectRepository, Walk
from touchstone.http.caller import SYSTEM

DAY = dt.timedelta(days=1)
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
PAGE = 500
OBJECTS_A_RUN = 100_000
SAMPLE = 20


class OrphanSweep:
    """Any number of workers may do it at once, and each may die at any line: the next one goes on."""

    def __init__(self, database: Database, store: ObjectStore, layout: Layout) -> None:
        self.database, self.store = database, store
        self.places = places_of(layout)
        self.stored = StoredObjectRepository(database)

    async def find(self, at_most: int = OBJECTS_A_RUN) -> OrphansFound:
        """Goes on looking where the last run has stopped, through so many objects. Raises Unavailable."""
        found = OrphansFound()
        walks = {walk.place: walk for walk in await self.stored.list_walks()}
        for place in sorted(self.places, key=lambda place: turn_of(walks.get(place.prefix))):
            if not await self.stored.has_rows(place.owner):
                continue
            after = walks[place.prefix].after_key if place.prefix in walks else ""
            async for page in _pages(self.store.list(place.prefix, after=after)):
                orphans = await self._look_at(place, page, found)
                await self.stored.note([one for one in _owned(place, page) if _is_old(one)], orphans)
                await self.stored.put_place(place.prefix, page[-1].key)
                if found.looked_at >= at_most:
                    return found
            await self.stored.put_place(place.prefix, "")
        return found

    async def remove(self, at_most: int = OBJECTS_A_RUN) -> int:
        """What was found at least a day ago and is an orphan still; answers how many. Raises Unavailable."""
        removed = await self._remove_doomed()
        while removed < at_most:
            due = await self.stored.list_due(dt.datetime.now(dt.UTC) - DAY, PAGE)
            if not due:
                break
            await self._doom(due)
            removed += await self._remove_doomed()
        return removed

    async def look(self, *, delete: bool = False) -> OrphansFound:
        """At everything, from the beginning; with `delete` what is found goes at once, where it is a day old.

        Places whose rows are all gone are passed over. Raises Unavailable.
        """
        found = OrphansFound(removed=await self._remove_doomed() if delete else 0)
        for place in self.places:
            async for page in _pages(self.store.list(place.prefix)):
                if not await self.stored.has_rows(place.owner):
                    found.doubtful.append(place.prefix)
                    break
                orphans = await self._look_at(place, page, found)
                if delete and orphans:
                    ours = [one for one in _owned(place, page) if _is_old(one)]
                    await self.stored.note(ours, orphans)
                    await self._doom([one for one in page if one.key in {*orphans}])
                    found.removed += await self._remove_doomed()
        return found

    async def _look_at(self, place: Place, page: Sequence[StoredObject], found: OrphansFound) -> list[str]:
        """The keys of the orphans, which are added to what was found."""
        ours = _owned(place, page)
        orphans = await self._orphans_of([one for one in ours if _is_old(one)])
        sizes = {one.key: one.size for one in ours}
        found.looked_at += len(page)
        found.strange += len(page) - len(ours)
        found.orphans += len(orphans)
        found.bytes += sum(sizes[key] for key in orphans)
        found.sample = [*found.sample, *orphans][:SAMPLE]
        return orphans

    async def _orphans_of(
        self, objects: Sequence[OwnedObject], stored: StoredObjectRepository | None = None
    ) -> list[str]:
        stored = stored or self.stored
        unreferred = {*await stored.list_unreferred(objects)} if objects else set[str]()
        if any(one.owner is Owner.DATASET for one in objects if one.key in unreferred):
            # an attempt whose end nobody has noticed yet, because no worker ran
            attempts = await stored.list_running_attempts()
            making = {target_dataset_id(one.job_id, one.attempt) for one in attempts}
            unreferred -= {one.key for one in objects if one.id in making}
        return sorted(unreferred)

    async def _doom(self, objects: Sequence[StoredObject]) -> None:
        """Whoever refers to one of them by now keeps it; from here on nobody can begin to."""
        known = [one for one in (owner_of(self.places, stored) for stored in objects) if one is not None]
        async with self.database.transaction() as transaction:
            stored = StoredObjectRepository(transaction)
            await stored.lock([one.key for one in objects])
            doomed = await self._orphans_of(known, stored)
            await stored.doom(doomed)
            await stored.forget([one.key for one in objects if one.key not in {*doomed}])
            if doomed:
                await AuditRepository(transaction).record(
                    SYSTEM, "remove_orphaned_objects", "stored_object:orphans", before={"keys": doomed}
                )

    async def _remove_doomed(self) -> int:
        removed = 0
        while doomed := await self.stored.list_doomed(PAGE):
            await self.store.delete(doomed)
            await self.stored.forget(doomed)
            removed += len(doomed)
        return removed


def turn_of(walk: Walk | None) -> tuple[bool, dt.datetime]:
    """First where somebody has stopped on the way, then where nobody has been for the longest time."""
    return (True, NEVER) if walk is None else (not walk.after_key, walk.walked_at)


def _owned(place: Place, page: Sequence[StoredObject]) -> list[OwnedObject]:
    return [one for one in (owned(place, stored) for stored in page) if one is not None]


def _is_old(stored: OwnedObject) -> bool:
    return stored.modified_at < dt.datetime.now(dt.UTC) - DAY


async def _pages(found: AsyncIterator[StoredObject]) -> AsyncIterator[list[StoredObject]]:
    page: list[StoredObject] = []
    async for one in found:
        page.append(one)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page
