"""Makes a backup: first the database, then the objects, so that nothing that is recorded lacks its object."""

import asyncio
import datetime as dt
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from touchstone.adapters.object_store import ObjectStore
from touchstone.backups.dump import dump
from touchstone.backups.keys import Keys, prints_of, write_keys
from touchstone.backups.manifest import (
    DUMP,
    FORMAT,
    DatabaseCopy,
    Manifest,
    ObjectsCopy,
    describe,
    make_folder,
    write_manifest,
)
from touchstone.backups.objects import copy_out
from touchstone.backups.progress import Progress
from touchstone.database.contents import Contents, TableContents, contents_of
from touchstone.database.migrate import plan
from touchstone.errors import Conflict

FindPrograms = Callable[[int], Awaitable[Path]]
"""Answers the folder of pg_dump and pg_restore for a server of this major version."""


class NothingToBackUp(Conflict):
    """The database holds no tables of this service; is it the right one?"""


async def make_backup(
    folder: Path,
    *,
    owner_url: str,
    store: ObjectStore | None,
    keys: Keys,
    with_keys: bool,
    version: str,
    find_programs: FindPrograms,
    progress: Progress,
) -> Manifest:
    """Into a new folder, without objects where there is no `store`. A service may run meanwhile.

    Raises FolderNotEmpty, NothingToBackUp, Unavailable.
    """
    make_folder(folder)
    made_at = dt.datetime.now(dt.UTC)
    database = await _copy_database(folder, owner_url, find_programs, progress)
    objects = await _copy_objects(folder, store, progress) if store else None
    if with_keys:
        write_keys(folder, keys)
    prints = await asyncio.to_thread(prints_of, keys, is_included=with_keys)
    manifest = Manifest(FORMAT, version, made_at, database, objects, prints)
    await asyncio.to_thread(os.sync)  # the manifest says that all of it is there
    write_manifest(folder, manifest)
    return manifest


async def contents_by_table(contents: Contents, progress: Progress, words: str) -> dict[str, TableContents]:
    names = await contents.tables()
    found: dict[str, TableContents] = {}
    with progress.step(words, len(names)) as seen:
        for name in names:
            found[name] = await contents.of_table(name)
            seen(1)
    return found


async def _copy_database(folder: Path, owner_url: str, find_programs: FindPrograms, progress: Progress) -> DatabaseCopy:
    migrations = (await plan(owner_url)).applied
    if not migrations:
        raise NothingToBackUp
    async with contents_of(owner_url) as contents:
        programs = await find_programs(contents.server_major)
        with progress.step("Dumping the database"):
            await dump(programs, owner_url, contents.snapshot, folder / DUMP)
        tables = await contents_by_table(contents, progress, "Counting its rows")
        stored = await asyncio.to_thread(describe, folder, DUMP)
        return DatabaseCopy(stored, contents.server_major, migrations, tables)


async def _copy_objects(folder: Path, store: ObjectStore, progress: Progress) -> ObjectsCopy:
    with progress.step("Copying objects") as seen:
        return await copy_out(store, folder, seen)
