"""touchstone objects orphans"""

import click

from touchstone.assembly import assemble
from touchstone.command_line.backup import opened_store, shared_parts
from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json, say
from touchstone.command_line.open_database import open_database
from touchstone.command_line.running import run
from touchstone.domains.stored_objects.model import OrphansFound
from touchstone.domains.stored_objects.service import OrphanSweep
from touchstone.settings import Settings


@click.group()
def objects() -> None:
    """What lies in the object store."""


@objects.command()
@click.option("--delete", is_flag=True, help="Remove what is found; workers do it by themselves, a day later.")
@as_json
def orphans(delete: bool, is_json: bool) -> None:
    """Find objects, more than a day old, that no row refers to; without --delete nothing is changed.

    Keys that Touchstone does not write are left alone, and so is a place of which the database has no rows at all.
    """
    found = run(_look(load_settings(), delete))
    if is_json:
        print_json(found)
    else:
        _tell(found)


async def _look(settings: Settings, delete: bool) -> OrphansFound:
    async with shared_parts(settings) as complete, opened_store(complete) as store, open_database(complete) as database:
        return await OrphanSweep(database, store, assemble(complete, store=store).layout).look(delete=delete)


def _tell(found: OrphansFound) -> None:
    for key in found.sample:
        click.echo(key)
    if found.orphans > len(found.sample):
        click.echo(f"and {found.orphans - len(found.sample)} more")
    click.echo(
        f"{found.orphans} of {found.looked_at} objects are orphans, {found.bytes} bytes; {found.removed} removed"
    )
    if found.strange:
        say(f"{found.strange} objects have keys that Touchstone does not write; they are left alone.")
    for place in found.doubtful:
        say(f"{place} holds objects, and the database nothing that they could belong to: is it the right one?")
