"""touchstone migrate, rollback, psql, schema"""

import click

from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json
from touchstone.command_line.parts import running_parts
from touchstone.command_line.running import run
from touchstone.command_line.schema_version import apply_migrations, owner_url
from touchstone.database import migrate as migrations
from touchstone.settings import Settings


@click.command()
@as_json
def migrate(is_json: bool) -> None:
    """Bring the database to the schema that this release knows; several may run at once.

    Acts as the role of TOUCHSTONE_DATABASE_OWNER_URL and lets the role of TOUCHSTONE_DATABASE_URL read and write.
    """
    _tell("applied", run(_migrate(load_settings())), is_json)


@click.command()
@click.argument("count", type=click.IntRange(1, 1000), default=1)
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def rollback(count: int, yes: bool, is_json: bool) -> None:
    """Take back the newest COUNT migrations (1), with the data in the tables that they made."""
    if not yes:
        click.confirm(f"Take back {count} migration(s)? What is in their tables is lost", abort=True, err=True)
    _tell("rolled_back", run(_roll_back(load_settings(), count)), is_json)


async def _migrate(settings: Settings) -> list[str]:
    async with running_parts(settings, with_ray=False) as complete:
        return await apply_migrations(complete)


async def _roll_back(settings: Settings, count: int) -> list[str]:
    async with running_parts(settings, with_ray=False) as complete:
        return await migrations.rollback(owner_url(complete), count)


def _tell(deed: str, names: list[str], is_json: bool) -> None:
    if is_json:
        print_json({deed: names})
        return
    for name in names:
        click.echo(f"{deed.replace('_', ' ')} {name}")
    if not names:
        click.echo(f"nothing to be {deed.replace('_', ' ')}")
