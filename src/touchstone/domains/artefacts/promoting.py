"""Workers ask those who publish artefacts where these stand, and note it. No connection is held while they ask.

Only the columns that are theirs are written, and only where they are still as they were read: whatever people change
meanwhile stays.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import structlog

from touchstone.adapters.issue_tracker import NotModified, NotThere
from touchstone.adapters.kernel_tracker import KernelUpdate, KernelUpdates
from touchstone.adapters.package_archive import PackageIndex
from touchstone.adapters.snap_store import SnapRelease
from touchstone.database.executor import Database, Transaction
from touchstone.domains.artefacts.promotion_model import (
    PromotedArtefact,
    Promotion,
    deb_promotion,
    snap_promotion,
)
from touchstone.domains.artefacts.promotion_repository import ChangedArtefact, PromotionRepository
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.outbox.service import emit_each
from touchstone.errors import Failure
from touchstone.http.caller import SYSTEM

log: Any = structlog.get_logger("touchstone.artefacts")

ASKED_AT_ONCE = 4
WRITTEN_AT_ONCE = 500
LARGEST_ID = 2**31 - 1

Key = TypeVar("Key")
Found = TypeVar("Found")
Item = TypeVar("Item")


class Snaps(Protocol):
    async def releases(self, name: str, store: str) -> list[SnapRelease]: ...


class Packages(Protocol):
    async def find(self, index: PackageIndex, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]: ...


class Kernels(Protocol):
    async def updates(self, etag: str | None = None) -> KernelUpdates | NotModified: ...


class Promoting:
    """Artefacts that the listing shows, of families that somebody promotes."""

    def __init__(self, database: Database, snaps: Snaps, packages: Packages) -> None:
        self.database, self.snaps, self.packages = database, snaps, packages

    async def turn(self) -> dict[str, int]:
        """Answers how many were looked at, promoted, archived, and left because nobody could say."""
        found = await PromotionRepository(self.database).list_promoted(("snap store", "package archive"))
        snaps = [one for one in found if one.promoted_by == "snap store" and one.store]
        debs = [one for one in found if one.promoted_by == "package archive" and one.stage]
        promotions, unanswered = await self._of_snaps(snaps)
        more, missing = await self._of_debs(debs)
        changed = await self._write([*promotions, *more])
        archived = sum(one.after["archived"] for one in changed)
        return {
            "looked_at": len(snaps) + len(debs),
            "promoted": len(changed) - archived,
            "archived": archived,
            "unanswered": unanswered + missing,
        }

    async def _of_snaps(self, artefacts: Iterable[PromotedArtefact]) -> tuple[list[Promotion], int]:
        """A snap is asked for once, however many of its artefacts there are."""
        same: dict[tuple[str, str], list[PromotedArtefact]] = defaultdict(list)
        for artefact in artefacts:
            same[artefact.name, artefact.store].append(artefact)
        releases = await ask_all(same, lambda asked: self.snaps.releases(*asked))
        promotions = [
            snap_promotion(artefact, releases[asked]) for asked in same if asked in releases for artefact in same[asked]
        ]
        unanswered = sum(len(found) for asked, found in same.items() if asked not in releases)
        return [promotion for promotion in promotions if promotion], unanswered

    async def _of_debs(self, artefacts: Sequence[PromotedArtefact]) -> tuple[list[Promotion], int]:
        """An index is read once, for all names that may be in it; what it says is only taken with all its siblings."""
        names: dict[PackageIndex, set[str]] = defaultdict(set)
        for artefact in artefacts:
            for index in artefact.indexes:
                names[index].add(artefact.name)
        versions = await ask_all(names, lambda index: self._versions(index, sorted(names[index])))
        promotions: list[Promotion] = []
        unanswered = 0
        for artefact in artefacts:
            if not all(index in versions for index in artefact.indexes):
                unanswered += 1
            elif promotion := deb_promotion(
                artefact, {i: versions[i].get(artefact.name, ()) for i in artefact.indexes}
            ):
                promotions.append(promotion)
        return promotions, unanswered

    async def _versions(self, index: PackageIndex, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Not every series has every architecture."""
        try:
            return await self.packages.find(index, names)
        except NotThere:
            return {}

    async def _write(self, promotions: Sequence[Promotion]) -> list[ChangedArtefact]:
        written: list[ChangedArtefact] = []
        for batch in _batches(promotions):
            async with self.database.transaction() as transaction:
                changed = await PromotionRepository(transaction).promote(batch)
                archived = [one for one in changed if one.after["archived"]]
                promoted = [one for one in changed if not one.after["archived"]]
                await _note(transaction, "promote_artefact", "artefact.promoted", promoted)
                await _note(transaction, "archive_artefact", "artefact.archived", archived)
            written += changed
        return written


class KernelDates:
    """What the page said last is kept, and compared again when it has not changed: starts of tests clear dates."""

    def __init__(self, database: Database, kernels: Kernels) -> None:
        self.database, self.kernels = database, kernels
        self.last: KernelUpdates | None = None

    async def turn(self) -> dict[str, int]:
        """Answers how many artefacts the page names, how many of its entries make no sense, how many were changed."""
        read = await self.kernels.updates(self.last.etag if self.last else None)
        if not isinstance(read, NotModified):
            self.last = read
        if self.last is None:
            return {"named": 0, "unreadable": 0, "changed": 0}
        updates = {one.artefact_id: one for one in self.last.updates if 0 < one.artefact_id <= LARGEST_ID}
        changed = 0
        for batch in _batches(list(updates.values())):
            changed += await self._write(batch)
        return {"named": len(updates), "unreadable": self.last.unreadable, "changed": changed}

    async def _write(self, updates: Sequence[KernelUpdate]) -> int:
        async with self.database.transaction() as transaction:
            changed = await PromotionRepository(transaction).set_kernel_dates(updates)
            await _note(transaction, "set_kernel_date", "artefact.due", changed)
            return len(changed)


async def ask_all(keys: Iterable[Key], ask: Callable[[Key], Awaitable[Found]]) -> dict[Key, Found]:
    """A few at once. What could not be answered is not there, and in the log."""
    places = asyncio.Semaphore(ASKED_AT_ONCE)
    found: dict[Key, Found] = {}

    async def ask_one(key: Key) -> None:
        async with places:
            try:
                found[key] = await ask(key)
            except Failure as failure:
                log.warning("it could not be told where artefacts stand", asked=str(key), reason=str(failure))
            except Exception:
                log.exception("it could not be told where artefacts stand", asked=str(key))

    await asyncio.gather(*(ask_one(key) for key in keys))
    return found


async def _note(transaction: Transaction, action: str, event: str, changed: Sequence[ChangedArtefact]) -> None:
    if not changed:
        return
    subjects = [f"artefact:{one.id}" for one in changed]
    await AuditRepository(transaction).record_each(
        SYSTEM, action, subjects, [one.before for one in changed], [one.after for one in changed]
    )
    payloads = {subject: {**one.artefact, **one.after} for subject, one in zip(subjects, changed, strict=True)}
    await emit_each(transaction, event, payloads)


def _batches(items: Sequence[Item]) -> Iterable[Sequence[Item]]:
    return (items[start : start + WRITTEN_AT_ONCE] for start in range(0, len(items), WRITTEN_AT_ONCE))
