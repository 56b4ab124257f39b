"""Makes a service of a backup again: checks it first, then the objects, then the database, then all of it again."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from touchstone.adapters.object_store import ObjectStore
from touchstone.backups.dump import restore
from touchstone.backups.keys import Keys, lacking, require_keys_of
from touchstone.backups.making import FindPrograms, contents_by_table
from touchstone.backups.manifest import Manifest, NotABackup, read_manifest, require_as_written
from touchstone.backups.objects import copy_in, require_empty
from touchstone.backups.progress import Progress
from touchstone.database.contents import contents_of, empty_database
from touchstone.database.migrate import known_migrations
from touchstone.errors import Conflict, Failure


class BackupTooNew(Conflict):
    """The backup has the migrations {unknown}, which this release does not know; restore it with a newer release."""


class DatabaseNotEmpty(Conflict):
    """The database holds tables already; restore into a new one, or give --force, which drops everything in it."""


class DatabaseInUse(Conflict):
    """{count} connections of a running service are open to the database; stop the service first."""


class RestoreDiffers(Failure):
    """These tables are not what was backed up: {tables}. Do not use what was restored."""


class Restored(msgspec.Struct, frozen=True):
    """`keys_lost` names the variables of which keys are missing that the backup's data was made with."""

    manifest: Manifest
    rows: int
    objects: int
    keys_lost: list[str]


async def check_backup(
    folder: Path, *, keys: Keys, with_objects: bool, accept_lost_keys: bool, progress: Progress
) -> Manifest:
    """Raises NotABackup, BackupTooNew, KeysMissing, BackupDamaged."""
    manifest = read_manifest(folder)
    unknown = [name for name in manifest.database.migrations if name not in known_migrations()]
    if unknown:
        raise BackupTooNew(unknown=", ".join(unknown))
    if not accept_lost_keys:
        await asyncio.to_thread(require_keys_of, folder, manifest.keys, keys)
    if with_objects and manifest.objects is None:
        raise NotABackup(folder=folder, reason="it was made without objects; say --no-objects")
    files = [manifest.database.dump, *([manifest.objects.index] if with_objects and manifest.objects else [])]
    with progress.step("Checking the backup", len(files)) as seen:
        for file in files:
            await asyncio.to_thread(require_as_written, folder, file)
            seen(1)
    return manifest


async def restore_backup(
    folder: Path,
    manifest: Manifest,
    *,
    owner_url: str,
    store: ObjectStore | None,
    keys: Keys,
    force: bool,
    find_programs: FindPrograms,
    progress: Progress,
) -> Restored:
    """Of a backup that was checked. Without `force` database and store must be empty; `store` None leaves objects.

    With it the database is emptied, and objects are written over; those that the backup lacks stay. The schema is as
    old as the backup. Raises DatabaseInUse, DatabaseNotEmpty, StoreNotEmpty, BackupDamaged, RestoreDiffers.
    """
    major, names = await _look_at(owner_url)
    programs = await find_programs(max(major, manifest.database.server_major))
    if names and not force:
        raise DatabaseNotEmpty
    if store is not None and not force:
        await require_empty(store)
    if store is not None and manifest.objects is not None:
        with progress.step("Writing objects", manifest.objects.count) as seen:
            await copy_in(store, folder, seen)
    if names:
        await empty_database(owner_url)
    with progress.step("Restoring the database"), tempfile.TemporaryDirectory() as listing:
        await restore(programs, owner_url, folder / manifest.database.dump.file, Path(listing) / "entries")
    rows = await _verify(owner_url, manifest, progress)
    objects = manifest.objects.count if store is not None and manifest.objects is not None else 0
    lost = await asyncio.to_thread(lacking, manifest.keys, keys)
    return Restored(manifest, rows, objects, sorted(lost))


async def _look_at(owner_url: str) -> tuple[int, Sequence[str]]:
    async with contents_of(owner_url) as contents:
        if count := await contents.other_services():
            raise DatabaseInUse(count=count)
        return contents.server_major, await contents.tables()


async def _verify(owner_url: str, manifest: Manifest, progress: Progress) -> int:
    """How many rows there are, all as they were. Raises RestoreDiffers."""
    async with contents_of(owner_url) as contents:
        found = await contents_by_table(contents, progress, "Comparing its rows")
    wanted = manifest.database.tables
    different = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    if different:
        raise RestoreDiffers(tables=", ".join(different))
    return sum(table.rows for table in found.values())
