"""The shapes of ASGI 3 as plain mappings, for code that stands around the application."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]


def with_vary(headers: Iterable[Header], name: bytes) -> list[Header]:
    """The headers with `name` in their one Vary header."""
    kept = list(headers)
    varying = [value for key, value in kept if key == b"vary"]
    if not varying:
        return [*kept, (b"vary", name)]
    named = b", ".join(varying)
    if name.lower() not in (part.strip() for part in named.lower().split(b",")):
        named += b", " + name
    return [*(header for header in kept if header[0] != b"vary"), (b"vary", named)]


async def answer(send: Send, status: int, content_type: bytes, body: bytes, headers: Iterable[Header] = ()) -> None:
    """Sends a whole response."""
    described = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": described})
    await send({"type": "http.response.body", "body": body, "more_body": False})
