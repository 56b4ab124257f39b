"""What a logout token says (OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6), once its signature holds."""

import datetime as dt
import time
from typing import Any, cast

import msgspec

from touchstone.adapters.identity_providers import AuthenticationFailed

EVENT = "http://schemas.openid.net/event/backchannel-logout"
KINDS = ("logout+jwt", "jwt")
OLDEST_TOKEN_SECONDS = 600


class LogoutSaid(msgspec.Struct, frozen=True):
    """The provider has ended this session, or all of the subject when it names none; one of the two is there.

    `fresh_until` is when the token could no longer be accepted.
    """

    id: str
    subject: str | None
    session: str | None
    fresh_until: dt.datetime


def logout_said(header: dict[str, Any], claims: dict[str, Any]) -> LogoutSaid:
    """Of a token whose signature, issuer, audience and times hold. Raises AuthenticationFailed."""
    if str(header.get("typ") or "JWT").lower() not in KINDS:
        raise AuthenticationFailed(reason="the logout token is of another kind")
    if not isinstance(_event(claims), dict) or "nonce" in claims:
        raise AuthenticationFailed(reason="the token tells of no logout")
    if claims["iat"] < time.time() - OLDEST_TOKEN_SECONDS:
        raise AuthenticationFailed(reason="the logout token was issued too long ago")
    jti, subject, session = (_text(claims, name) for name in ("jti", "sub", "sid"))
    if jti is None or (subject is None and session is None):
        raise AuthenticationFailed(reason="the logout token names no session and no subject, or has no id")
    # issued no more than a minute in the future, and refused once it is older than the oldest
    fresh_until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2 * OLDEST_TOKEN_SECONDS)
    return LogoutSaid(jti, subject, session, fresh_until)


def _event(claims: dict[str, Any]) -> object:
    events: object = claims.get("events")
    return cast("dict[str, object]", events).get(EVENT) if isinstance(events, dict) else None


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None
