"""Finds out who asks, before guards are asked: from the session cookie and the bearer key of the request."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from touchstone.http.caller import Caller, Principal
from touchstone.http.request_ids import request_id

SESSION_COOKIE = "session"
CSRF_HEADER = b"x-csrf-token"
EXTENSIONS_HEADER = b"accept-extensions"
EXTENSIONS_WORD = "touchstone"
LONGEST_TOKEN = 200
# a browser that opens the page cannot send the header; the page shows nothing of the caller
COOKIE_ALONE_PATHS = frozenset({"/docs"})

FindPrincipal = Callable[[str | None, str | None], Awaitable[Principal]]


class AccessPolicy(msgspec.Struct, frozen=True):
    """What needs no credentials here, and whether everything else of the open kind does."""

    open_permissions: frozenset[str] = frozenset()
    is_authentication_required: bool = False


def authentication(find: FindPrincipal, policy: AccessPolicy) -> Callable[[ASGIApp], ASGIApp]:
    """A Litestar middleware; `find` takes the session's token and the API key, either of which may be missing."""

    def around(app: ASGIApp) -> ASGIApp:
        async def authenticated(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                scope["user"] = await _caller(scope, find, policy)
            await app(scope, receive, send)

        return authenticated

    return around


async def _caller(scope: Any, find: FindPrincipal, policy: AccessPolicy) -> Caller:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    principal = await find(session_token(scope, headers), bearer_token(headers))
    client = scope.get("client")
    return Caller(
        principal=principal,
        address=client[0] if client else None,
        request_id=request_id(scope),
        open_permissions=policy.open_permissions,
        is_authentication_required=policy.is_authentication_required,
        accepts_extensions=principal.accepts_extensions or _asks_for_extensions(headers),
    )


def session_token(scope: Any, headers: dict[bytes, bytes]) -> str | None:
    """Counts only beside the header that a foreign page cannot send (any value, all methods)."""
    if CSRF_HEADER not in headers and not (scope["method"] == "GET" and scope["path"] in COOKIE_ALONE_PATHS):
        return None
    return cookie(headers, SESSION_COOKIE)


def bearer_token(headers: dict[bytes, bytes]) -> str | None:
    """The scheme's case does not matter (RFC 9110, section 11.1)."""
    parts = headers.get(b"authorization", b"").decode("latin-1").split()
    if len(parts) != 2 or parts[0].lower() != "bearer" or len(parts[1]) > LONGEST_TOKEN:
        return None
    return parts[1]


def cookie(headers: dict[bytes, bytes], name: str) -> str | None:
    """The first of the name (RFC 6265, section 5.4); odd cookies of others on the host are no matter."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value if 0 < len(value) <= LONGEST_TOKEN else None
    return None


def _asks_for_extensions(headers: dict[bytes, bytes]) -> bool:
    words = headers.get(EXTENSIONS_HEADER, b"").decode("latin-1").split(",")
    return EXTENSIONS_WORD in (word.strip().lower() for word in words)
