"""touchstone users"""

from typing import Any

import click
import msgspec

from touchstone.command_line.configuration import load_settings
from touchstone.command_line.console import as_json, print_json
from touchstone.command_line.open_database import open_database
from touchstone.command_line.running import run
from touchstone.domains.artefacts.decision_repository import forget_decider
from touchstone.domains.users.model import UserRow
from touchstone.domains.users.repository import UserRepository
from touchstone.domains.users.schemas import ErasedUser
from touchstone.domains.users.service import UserService
from touchstone.http.caller import SYSTEM
from touchstone.settings import Settings

LONGEST_EMAIL, LONGEST_NAME = 320, 200


class Added(msgspec.Struct):
    user: UserRow
    is_new: bool


def _email(_: click.Context, __: click.Parameter, value: str) -> str:
    local, _at, domain = value.rpartition("@")
    is_plain = value.isprintable() and not any(letter.isspace() for letter in value)
    if not (local and domain and is_plain and len(value) <= LONGEST_EMAIL):
        raise click.BadParameter("This is no e-mail address.")
    return value


def _name(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (value.isprintable() and len(value) <= LONGEST_NAME):
        raise click.BadParameter(f"Give at most {LONGEST_NAME} printable characters.")
    return value


email_argument: Any = click.argument("email", callback=_email)


@click.group()
def users() -> None:
    """Who signs in, and who is an administrator.

    Works on the configured database or on the embedded one, whether or not a service runs on it.
    """


@users.command()
@email_argument
@click.option("--name", callback=_name, help="What to call the user; else the e-mail address.")
@click.option("--launchpad-handle", callback=_name, help="Also found by this when users are searched.")
@click.option("--admin", "is_admin", is_flag=True, help="Make an administrator, who may do everything.")
@as_json
def add(email: str, name: str | None, launchpad_handle: str | None, is_admin: bool, is_json: bool) -> None:
    """Add a user; who is there already is kept.

    \b
    touchstone users add --admin ada@example.org --name "Ada Lovelace"
    """
    added = run(_add(load_settings(), email, name or email, launchpad_handle, is_admin))
    if is_json:
        print_json(added)
    else:
        click.echo(f"{_line(added.user)}{'' if added.is_new else ' (was there)'}")


@users.command()
@email_argument
@as_json
def promote(email: str, is_json: bool) -> None:
    """Make a user an administrator, who may do everything."""
    user = run(_promote(load_settings(), email))
    if is_json:
        print_json({"user": user})
    else:
        click.echo(_line(user))


@users.command("list")
@as_json
def list_users(is_json: bool) -> None:
    """List the users by name."""
    rows = run(_list(load_settings()))
    if is_json:
        print_json({"users": rows})
        return
    for row in rows:
        click.echo(_line(row))


@users.command()
@click.argument("who")
@as_json
def erase(who: str, is_json: bool) -> None:
    """Delete a user and every name of his; what he did and decided stays under a pseudonym, user:ID.

    WHO is an e-mail address, or the id of a user who may be deleted already.
    """
    erased = run(_erase(load_settings(), who))
    if is_json:
        print_json(erased)
    else:
        held = f"{erased.audit_events} events and {erased.decisions} decisions held the name"
        click.echo(f"{erased.pseudonym} {'is erased' if erased.was_there else 'was not there'}; {held}")


async def _erase(settings: Settings, who: str) -> ErasedUser:
    async with open_database(settings) as database:
        user_id = int(who) if who.isdecimal() else (await UserRepository(database).lock_by_email(who)).id
        return await UserService(database, forget_decider=forget_decider).erase(SYSTEM, user_id)


async def _add(settings: Settings, email: str, name: str, handle: str | None, is_admin: bool) -> Added:
    async with open_database(settings) as database:
        user, is_new = await UserService(database).add(SYSTEM, email, name, launchpad_handle=handle, is_admin=is_admin)
        return Added(user, is_new)


async def _promote(settings: Settings, email: str) -> UserRow:
    async with open_database(settings) as database:
        return await UserService(database).promote(SYSTEM, email)


async def _list(settings: Settings) -> list[UserRow]:
    async with open_database(settings) as database:
        return await UserRepository(database).list_all()


def _line(user: UserRow) -> str:
    return f"{user.id}  {user.email}  {user.name}{'  administrator' if user.is_admin else ''}"
