"""touchstone import"""

from contextlib import AsyncExitStack

import click

from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json, say
from touchstone.command_line.open_database import embedded_database
from touchstone.command_line.running import run
from touchstone.command_line.schema_version import owner_url, prepare_schema
from touchstone.command_line.steps import steps
from touchstone.database.transfer import open_source, open_target
from touchstone.imports.test_observer.importing import Import
from touchstone.imports.test_observer.model import Imported
from touchstone.settings import Settings


@click.group("import")
def import_group() -> None:
    """Bring over what another service has recorded."""


@import_group.command("test-observer")
@click.option("--dsn", required=True, help="Its PostgreSQL database, as postgresql://user:password@host/name.")
@click.option("--timezone", default="UTC", show_default=True, help="Of the times in it, which say none.")
@as_json
def test_observer(dsn: str, timezone: str, is_json: bool) -> None:
    """Copy the database of a Test Observer into an empty one of ours, ids and API keys kept.

    Nothing is changed in it. A run that is ended is resumed by the same command; run once more, it takes what has been
    added since. Stop the old service before the last run.

    \b
    touchstone import test-observer --dsn postgresql://reader:…@old-host/test_observer
    """
    imported = run(bring_over(load_settings(), dsn, timezone=timezone))
    if is_json:
        print_json(imported)
    else:
        _tell(imported)


async def bring_over(settings: Settings, dsn: str, *, timezone: str = "UTC") -> Imported:
    """Raises SettingsError, SchemaTooOld, SchemaTooNew, TimeZoneUnknown, Unavailable, and what `Import.run` raises."""
    async with AsyncExitStack() as stack:
        is_ours = False
        if settings.database_url is None:
            settings, is_ours = await stack.enter_async_context(embedded_database(settings))
        await prepare_schema(settings, is_ours=is_ours, tell=say)
        source = await stack.enter_async_context(open_source(dsn, timezone=timezone))
        target = await stack.enter_async_context(open_target(owner_url(settings)))
        return await Import(source, target, stack.enter_context(steps())).run()


def _tell(imported: Imported) -> None:
    for table in imported.tables:
        left = f", {table.left} left" if table.left else ""
        click.echo(f"{table.table}: {table.taken} of {table.in_source}{left}")
    if imported.leftovers:
        say("What was left or changed:")
    for one in imported.leftovers:
        ids = f" (ids {', '.join(map(str, one.examples))}{', …' if one.times > len(one.examples) else ''})"
        say(f"  {one.table}: {one.times} × {one.reason}{ids if one.examples else ''}")
    for table in imported.tables:
        if table.in_source != table.taken + table.left:
            say(f"  {table.table} changed while it was copied; see docs/moving-in.md")
