"""A machine that calls with a key."""

import datetime as dt

import msgspec

from touchstone.errors import Conflict, InvalidValue, NotFound

LONGEST_LIFE = dt.timedelta(days=36_500)


class ApplicationRow(msgspec.Struct, frozen=True):
    id: int
    name: str
    permissions: list[str]
    accepts_extensions: bool


class KeyRow(msgspec.Struct, frozen=True):
    id: int
    created_at: dt.datetime
    expires_at: dt.datetime | None

    def expiry_of_successor(self, now: dt.datetime) -> dt.datetime | None:
        """A key that takes this one's place lives as long as this one was made to."""
        return None if self.expires_at is None else now + (self.expires_at - self.created_at)


class ApplicationNotFound(NotFound):
    """Application with id {id} not found"""


class ApplicationUnknown(NotFound):
    """Application {id} doesn't exist"""


class ApplicationNameUnknown(NotFound):
    """There is no application with the name {name}"""


class ApplicationExists(Conflict):
    """Application with name '{name}' already exists"""


class ExpiryOutOfRange(InvalidValue):
    """{reason}"""

    def __init__(self, place: str, value: dt.datetime) -> None:
        reason = "A key expires in the future, within a hundred years"
        super().__init__(location=(place, "expires_at"), reason=reason, value=str(value))
