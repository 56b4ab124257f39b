"""Refuses whoever asks too often, after authentication has found out who he is, and tells the others where they are."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from touchstone.http.caller import Caller

Charge = Callable[[Caller], Awaitable[dict[str, str]]]

# a handler that is for probes, or whose callers carry a signature of ours, says `opt=UNLIMITED`
UNLIMITED = {"unlimited": True}


def rate_limits(charge: Charge) -> Callable[[ASGIApp], ASGIApp]:
    """A Litestar middleware; `charge` answers headers, and raises when it is too much."""

    def around(app: ASGIApp) -> ASGIApp:
        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and not _is_unlimited(scope):
                send = _with_headers(send, await charge(scope["user"]))
            await app(scope, receive, send)

        return limited

    return around


def _is_unlimited(scope: Any) -> bool:
    return bool(scope["route_handler"].opt.get("unlimited"))


def _with_headers(send: Send, headers: dict[str, str]) -> Send:
    if not headers:
        return send
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *encoded]
        await send(message)

    return send_with_headers
