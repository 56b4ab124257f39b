"""touchstone applications"""

import datetime as dt

import click

from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json, say
from touchstone.command_line.open_database import open_database
from touchstone.command_line.running import run
from touchstone.domains.applications.model import ApplicationNameUnknown
from touchstone.domains.applications.repository import ApplicationRepository
from touchstone.domains.applications.schemas import MOST_GRACE_SECONDS, Application, NewApplication
from touchstone.domains.applications.service import ApplicationService
from touchstone.domains.permissions.model import PERMISSIONS, Permission
from touchstone.http.caller import SYSTEM, Caller
from touchstone.settings import Settings

LONGEST_NAME = 200
MOST_DAYS = 36_000
# shown every word: this is no client of the contract
OPERATOR = Caller(SYSTEM.principal, accepts_extensions=True)


def _name(_: click.Context, __: click.Parameter, value: str) -> str:
    if not (value.isprintable() and len(value) <= LONGEST_NAME):
        raise click.BadParameter(f"Give at most {LONGEST_NAME} printable characters.")
    return value


@click.group()
def applications() -> None:
    """Machines that call with a key.

    Works on the configured database or on the embedded one, whether or not a service runs on it.
    """


@applications.command()
@click.argument("name", callback=_name)
@click.option(
    "--permission", "permissions", multiple=True, type=click.Choice(PERMISSIONS), metavar="WORD", help="Any number."
)
@click.option("--expires-in-days", type=click.IntRange(1, MOST_DAYS), help="After this the key is useless.")
@click.option("--accepts-extensions", is_flag=True, help="Show it words that the observation contract does not know.")
@as_json
def add(
    name: str, permissions: tuple[str, ...], expires_in_days: int | None, accepts_extensions: bool, is_json: bool
) -> None:
    """Add an application and print its key, which is shown this once.

    \b
    touchstone applications add ci --permission view_test --permission change_test
    """
    new = NewApplication(name, [Permission(word) for word in permissions], accepts_extensions, _after(expires_in_days))
    _tell_key(run(_add(load_settings(), new)), is_json)


@applications.command()
@click.argument("name", callback=_name)
@click.option(
    "--grace-seconds", type=click.IntRange(0, MOST_GRACE_SECONDS), default=0, help="So long the old key lives on (0)."
)
@click.option("--expires-in-days", type=click.IntRange(1, MOST_DAYS), help="Else as long as the old key was made for.")
@as_json
def rotate(name: str, grace_seconds: int, expires_in_days: int | None, is_json: bool) -> None:
    """Print a new key of an application, which is shown this once."""
    _tell_key(run(_rotate(load_settings(), name, grace_seconds, _after(expires_in_days))), is_json)


@applications.command("list")
@as_json
def list_applications(is_json: bool) -> None:
    """List the applications, with the newest key of each masked."""
    found = run(_list(load_settings()))
    if is_json:
        print_json({"applications": found})
        return
    for one in found:
        click.echo(f"{one.id}  {one.name}  {one.api_key}  {' '.join(one.permissions)}".rstrip())


async def _add(settings: Settings, new: NewApplication) -> Application:
    async with open_database(settings) as database:
        return await ApplicationService(database).create(OPERATOR, new)


async def _rotate(settings: Settings, name: str, grace_seconds: int, expires_at: dt.datetime | None) -> Application:
    async with open_database(settings) as database:
        row = await ApplicationRepository(database).find_by_name(name)
        if row is None:
            raise ApplicationNameUnknown(name=name)
        return await ApplicationService(database).rotate(
            OPERATOR, row.id, grace_seconds=grace_seconds, expires_at=expires_at
        )


async def _list(settings: Settings) -> list[Application]:
    async with open_database(settings) as database:
        return await ApplicationRepository(database).list_all(PERMISSIONS)


def _tell_key(application: Application, is_json: bool) -> None:
    """The key alone on standard output, so that a script can take it."""
    if is_json:
        print_json(application)
        return
    say(f"Application {application.name} ({application.id}); keep its key, it is not shown again:")
    click.echo(application.api_key)


def _after(days: int | None) -> dt.datetime | None:
    return None if days is None else dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
