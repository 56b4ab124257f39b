"""How large a request may be: by its Content-Length before anything is read, by counting when it names none."""

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from touchstone.errors import TooLarge
from touchstone.http.asgi import Message, Receive

DRAIN_SECONDS = 10.0


class BodyTooLarge(TooLarge):
    """{reason}"""


class UploadLimit(msgspec.Struct, frozen=True):
    """A path with a limit of its own, in bytes of the whole body; `reason` is what the client then reads.

    A part of the path that is `*` stands for any.
    """

    path: str
    max_bytes: int
    reason: str | None = None


class BodyLimits:
    """`max_bytes` for every path but those of `uploads`."""

    def __init__(self, max_bytes: int, uploads: Iterable[UploadLimit] = ()) -> None:
        self._default = UploadLimit("", max_bytes)
        self._uploads = [(_parts(upload.path), upload) for upload in uploads]

    def of(self, path: str) -> UploadLimit:
        parts = _parts(path)
        return next((upload for known, upload in self._uploads if _fits(parts, known)), self._default)


def _parts(path: str) -> list[str]:
    return path.rstrip("/").split("/")


def _fits(parts: list[str], known: list[str]) -> bool:
    return len(parts) == len(known) and all(one in (part, "*") for part, one in zip(parts, known, strict=True))


def declared_too_large(limit: UploadLimit, headers: Mapping[bytes, bytes]) -> bool:
    declared = headers.get(b"content-length", b"")
    return declared.isdigit() and int(declared[:20]) > limit.max_bytes


def too_large(limit: UploadLimit) -> BodyTooLarge:
    return BodyTooLarge(reason=limit.reason or f"The request body exceeds the limit of {limit.max_bytes} bytes")


def counting(limit: UploadLimit, receive: Receive) -> Receive:
    """`receive` that raises BodyTooLarge inside the application once more than the limit has come."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit.max_bytes:
            raise too_large(limit)
        return message

    return receive_counted


async def drain(limit: UploadLimit, headers: Mapping[bytes, bytes], receive: Receive) -> None:
    """Reads on for a while: a client that is still sending would see a broken pipe instead of the answer."""
    if b"expect" in headers or int(headers[b"content-length"][:20]) > 2 * limit.max_bytes:
        return
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while (await receive()).get("more_body", False):
                pass
    except TimeoutError:
        return
