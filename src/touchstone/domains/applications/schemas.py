"""What clients send and get."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.permissions.model import Permission

MOST_GRACE_SECONDS = 30 * 86_400

Name = Annotated[str, Meta(max_length=200)]
Permissions = Annotated[list[Permission], Meta(max_length=10_000)]
GraceSeconds = Annotated[int, Meta(ge=0, le=MOST_GRACE_SECONDS)]


class NewApplication(msgspec.Struct):
    """`accepts_extensions` is whether it is shown words that the contract does not know."""

    name: Name
    permissions: Permissions
    accepts_extensions: bool = False
    expires_at: dt.datetime | None = None


class ApplicationChanges(msgspec.Struct):
    """What is null stays."""

    permissions: Permissions | None = None
    accepts_extensions: bool | None = None


class Application(msgspec.Struct):
    """`api_key` is the newest key: in clear where it has just been made, masked ever after.

    `expires_at` and `last_used_at` are the newest key's.
    """

    id: int
    name: str
    permissions: list[Permission]
    api_key: str
    accepts_extensions: bool
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None


class ApiKey(msgspec.Struct):
    """Without the key itself, which nobody has but its holder."""

    id: int
    masked: str
    created_at: dt.datetime
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None
