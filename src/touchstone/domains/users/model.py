"""Somebody who signs in."""

import msgspec

from touchstone.errors import Forbidden, NotFound


class UserRow(msgspec.Struct, frozen=True):
    id: int
    email: str
    name: str
    launchpad_handle: str | None
    is_admin: bool


class UserNotFound(NotFound):
    """User with id {id} not found"""


class EmailNotFound(NotFound):
    """There is no user with the e-mail address {email}"""


class OnlyAdministrators(Forbidden):
    """Only an administrator can make, unmake or delete an administrator"""


class LastAdministrator(Forbidden):
    """The last administrator cannot be removed"""
