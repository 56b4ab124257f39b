"""What clients send and get."""

from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.permissions.model import Permission

PageSize = Annotated[int, Meta(ge=1, le=1000)]
Offset = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class UserChanges(msgspec.Struct):
    is_admin: bool | None = None


class TeamOfUser(msgspec.Struct):
    id: int
    name: str
    permissions: list[Permission]


class User(msgspec.Struct):
    id: int
    launchpad_handle: str | None
    email: str
    name: str
    is_admin: bool
    teams: list[TeamOfUser]


class ErasedUser(msgspec.Struct):
    """`pseudonym` stands from now on for whoever it was, in the audit and beside decisions.

    `audit_events` and `decisions` are how many held a name; `was_there` says whether there was such a user by now.
    """

    pseudonym: str
    was_there: bool
    audit_events: int
    decisions: int


class UserPage(msgspec.Struct):
    """`count` is how many there are in all."""

    users: list[User]
    count: int
    limit: int
    offset: int
