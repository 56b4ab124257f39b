"""touchstone backup, restore"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import click

from touchstone.adapters.object_store import ObjectStore
from touchstone.assembly import assemble
from touchstone.backups.keys import Keys
from touchstone.backups.making import make_backup
from touchstone.backups.manifest import KEYS, MANIFEST, Manifest
from touchstone.backups.restoring import Restored, check_backup, restore_backup
from touchstone.command_line.configuration import load_settings, require_keys
from touchstone.command_line.console import as_json, print_json, say
from touchstone.command_line.parts import PartsNotInstalled, running_parts
from touchstone.command_line.postgres_programs import find_programs
from touchstone.command_line.running import run
from touchstone.command_line.schema_version import apply_migrations, owner_url
from touchstone.command_line.steps import steps
from touchstone.domains.health.service import installed_version
from touchstone.setting_values import Secret
from touchstone.settings import Settings, variable_name

Folder = click.Path(file_okay=False, path_type=Path)
without_objects = click.option("--no-objects", is_flag=True, help="The database alone.")


@click.command()
@click.argument("folder", type=Folder)
@without_objects
@click.option("--with-keys", is_flag=True, help=f"Write the secret keys into {KEYS}, too; keep that file elsewhere.")
@as_json
def backup(folder: Path, no_objects: bool, with_keys: bool, is_json: bool) -> None:
    """Copy database and objects into FOLDER, which must be new or empty; a service may run meanwhile.

    \b
    touchstone backup /backups/2026-11-22
    touchstone restore /backups/2026-11-22
    """
    manifest = run(back_up(load_settings(), folder, with_objects=not no_objects, with_keys=with_keys))
    if is_json:
        print_json(manifest)
    else:
        _tell_made(folder, manifest)


@click.command()
@click.argument("folder", type=Folder)
@without_objects
@click.option("--force", is_flag=True, help="Drop what the database holds, and write over objects.")
@click.option("--accept-lost-keys", is_flag=True, help="Restore although keys are missing that the backup needs.")
@as_json
def restore(folder: Path, no_objects: bool, force: bool, accept_lost_keys: bool, is_json: bool) -> None:
    """Make database and objects what they were in the backup in FOLDER; the service must be stopped.

    Checks the backup's digests, schema and keys before it changes anything, and counts and checksums of all rows
    afterwards; then brings the schema to this release.
    """
    restored = run(
        bring_back(
            load_settings(),
            folder,
            with_objects=not no_objects,
            force=force,
            accept_lost_keys=accept_lost_keys,
        )
    )
    if is_json:
        print_json(restored)
    else:
        _tell_restored(restored)


async def back_up(settings: Settings, folder: Path, *, with_objects: bool = True, with_keys: bool = False) -> Manifest:
    """Raises SettingsError, FolderNotEmpty, NothingToBackUp, Unavailable."""
    async with shared_parts(settings) as complete, opened_store(complete) as store:
        with steps() as progress:
            return await make_backup(
                folder,
                owner_url=owner_url(complete),
                store=store if with_objects else None,
                keys=keys_of(complete),
                with_keys=with_keys,
                version=installed_version(),
                find_programs=find_programs,
                progress=progress,
            )


async def bring_back(
    settings: Settings,
    folder: Path,
    *,
    with_objects: bool = True,
    force: bool = False,
    accept_lost_keys: bool = False,
) -> Restored:
    """Raises SettingsError, DirectoryHeld, and what `check_backup` and `restore_backup` raise."""
    async with running_parts(settings, with_ray=False) as complete, opened_store(complete) as store:
        keys = keys_of(complete)
        with steps() as progress:
            manifest = await check_backup(
                folder, keys=keys, with_objects=with_objects, accept_lost_keys=accept_lost_keys, progress=progress
            )
            restored = await restore_backup(
                folder,
                manifest,
                owner_url=owner_url(complete),
                store=store if with_objects else None,
                keys=keys,
                force=force,
                find_programs=find_programs,
                progress=progress,
            )
        await apply_migrations(complete)
        return restored


def keys_of(settings: Settings) -> Keys:
    """In clear, by the name of their variable."""
    found: dict[str, Sequence[Secret]] = {
        "secret_keys": settings.secret_keys,
        "url_signing_keys": settings.url_signing_keys,
    }
    return {variable_name(field): [key.reveal() for key in keys] for field, keys in found.items()}


@asynccontextmanager
async def shared_parts(settings: Settings) -> AsyncGenerator[Settings]:
    """The embedded database may be that of a service that runs."""
    if settings.database_url is not None:
        yield settings
        return
    try:
        from touchstone.command_line.embedding import shared_database
    except ModuleNotFoundError as error:
        raise PartsNotInstalled from error
    async with shared_database(settings) as (complete, _):
        yield complete


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncGenerator[ObjectStore]:
    async with AsyncExitStack() as stack:
        store = assemble(require_keys(settings)).store
        if close := getattr(store, "close", None):
            stack.push_async_callback(close)
        yield store


def _tell_made(folder: Path, manifest: Manifest) -> None:
    rows = sum(table.rows for table in manifest.database.tables.values())
    objects = "no objects" if manifest.objects is None else f"{manifest.objects.count} objects"
    click.echo(f"{folder / MANIFEST}: {rows} rows, {objects}")
    if manifest.keys.is_included:
        say(f"{folder / KEYS} holds the secret keys: keep it elsewhere, a backup with its keys protects nothing.")
    else:
        say("The keys of these settings are not in it; without them its secrets cannot be read.")


def _tell_restored(restored: Restored) -> None:
    click.echo(f"Restored {restored.rows} rows and {restored.objects} objects, as they were when backed up.")
    for variable in restored.keys_lost:
        say(f"Keys of {variable} are missing; docs/backup.md says what is lost with them.")
