"""Users who share permissions."""

import msgspec

from touchstone.errors import Conflict, NotFound


class TeamRow(msgspec.Struct, frozen=True):
    id: int
    name: str
    permissions: list[str]
    joined_by_claims: list[str]


class TeamNotFound(NotFound):
    """Team {id} doesn't exist"""


class MemberUnknown(NotFound):
    """User {id} doesn't exist"""


class TeamExists(Conflict):
    """Team with name '{name}' already exists"""
