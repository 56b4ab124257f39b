"""What clients send and get."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.auth.model import LONGEST_TEXT, Method


class SessionView(msgspec.Struct, frozen=True):
    """One sign-in of the caller. It ends unused at `idle_until`, in any case at `expires_at`."""

    id: int
    method: Method
    address: str | None
    user_agent: str | None
    created_at: dt.datetime
    seen_at: dt.datetime
    idle_until: dt.datetime
    expires_at: dt.datetime
    is_current: bool


class SessionsEnded(msgspec.Struct, frozen=True):
    ended: int


class LocalLogin(msgspec.Struct, frozen=True):
    email: Annotated[str, Meta(min_length=3, max_length=LONGEST_TEXT)]
    name: Annotated[str, Meta(max_length=LONGEST_TEXT)] = ""
    return_to: Annotated[str, Meta(max_length=2000)] = ""


class SamlResponseForm(msgspec.Struct, frozen=True):
    """What an identity provider has the browser post, in SAML's own names."""

    response: str = msgspec.field(name="SAMLResponse")
    relay_state: str | None = msgspec.field(name="RelayState", default=None)


class SamlLogoutForm(msgspec.Struct, frozen=True):
    """A request or a response."""

    request: str | None = msgspec.field(name="SAMLRequest", default=None)
    response: str | None = msgspec.field(name="SAMLResponse", default=None)
    relay_state: str | None = msgspec.field(name="RelayState", default=None)


class LogoutTokenForm(msgspec.Struct, frozen=True):
    """What an OpenID provider posts when a session has ended there; without a token it is answered as a wrong one."""

    logout_token: str = ""


class SignedIn(msgspec.Struct, frozen=True):
    message: str = "Authentication successful"
