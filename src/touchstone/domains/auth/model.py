"""Signing in and out: what a provider says, what a browser brings, what may go wrong."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from touchstone.database.executor import Executor
from touchstone.errors import NotFound, Refused, Unavailable

Method = Literal["saml", "oidc", "local"]
Purpose = Literal["sign-in", "sign-out"]

MOST_GROUPS = 1000
LONGEST_TEXT = 320
LONGEST_URL = 2000


class Browser(msgspec.Struct, frozen=True):
    """`secret` tells this browser from others while a sign-on is under way; `session` is the session's token."""

    secret: str
    session: str | None = None
    address: str | None = None
    user_agent: str | None = None


class Identity(msgspec.Struct, frozen=True):
    """Whom a provider vouches for. `subject` and `session` are its own names; `details` end the session there."""

    method: Method
    email: str
    name: str
    groups: tuple[str, ...] = ()
    subject: str | None = None
    session: str | None = None
    details: dict[str, Any] = {}
    assertion: "SeenAssertion | None" = None


class SeenAssertion(msgspec.Struct, frozen=True):
    """What must not be accepted a second time, and until when it could be."""

    id: str
    expires_at: dt.datetime


class ReturnRules(msgspec.Struct, frozen=True):
    """Front ends that a browser may be sent back to: scheme, host and port must be one of theirs."""

    origins: frozenset[str]

    @classmethod
    def of(cls, *urls: str) -> "ReturnRules":
        return cls(frozenset(origin for url in urls if (origin := _origin(url))))

    def allowed(self, url: str | None) -> str | None:
        """The URL when it leads to a front end."""
        return url if url and _origin(url) in self.origins else None


class SignOn(msgspec.Struct, frozen=True):
    """A sign-on or sign-off under way."""

    request_id: str
    return_to: str | None = None
    replaces: bytes | None = None
    secrets: bytes | None = None


class AdmittedUser(msgspec.Struct, frozen=True):
    id: int
    name: str
    is_new: bool


class ClaimedTeams(msgspec.Struct, frozen=True):
    """Ids of teams that a sign-on has changed for a user."""

    joined: list[int]
    left: list[int]


class SessionEnded(msgspec.Struct, frozen=True):
    """A session that was ended, and what the provider must be told to end its own."""

    id: int
    user_id: int
    user_name: str
    method: Method
    provider_session: str | None
    provider_details: bytes | None


Admit = Callable[[Executor, str, str], Awaitable[AdmittedUser]]
"""The user with an e-mail address, made with the name if there is none; two at once get the same."""

JoinTeams = Callable[[Executor, int, str, tuple[str, ...]], Awaitable[ClaimedTeams]]
"""Makes a user's memberships by claim those that a provider's groups bring; those made by hand stay."""

Throttle = Callable[[str], Awaitable[None]]
"""Raises when the subject, such as `sign-in 192.0.2.1` or `account ada@example.test`, has tried too often."""


async def never_throttle(subject: str) -> None:
    return None


class SessionNotFound(NotFound):
    """Session {id} not found"""


class LogoutRefused(Refused):
    """Logout failed"""


class NoLocalLogin(NotFound):
    """Not Found"""


class SamlNotConfigured(Unavailable):
    """SAML authentication is not configured"""


class OidcNotConfigured(Unavailable):
    """OpenID Connect is not configured"""


def _origin(url: str) -> str | None:
    """None for what browsers may read otherwise than we do."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return None
    try:
        parts = urlsplit(url)
        known_port = {"http": 80, "https": 443}.get(parts.scheme)
        port = parts.port or known_port
    except ValueError:
        return None
    is_plain = known_port is not None and parts.hostname and "@" not in parts.netloc
    return f"{parts.scheme}://{parts.hostname}:{port}" if is_plain else None
