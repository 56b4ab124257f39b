"""Weak ETags, so that polling what has not changed costs a 304.

For GET handlers with `opt={"etag": True}`: RFC 9110, sections 8.8.3 and 13.1.2. The tag is a digest of the body, so it
needs no version column; what is saved is the transfer and the client's work.
"""

import hashlib
import re
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

_TAG = re.compile(rb'(?:W/)?("[^"]*")')
# the query of a signed link, ours or S3's; one that is signed anew leads to the same object
_SIGNATURE = re.compile(rb'\?[^"\s]*?(?:expires=(\d{1,12})|X-Amz-Date=(\d{8}T\d{4}))[^"\s]*')


def etags(app: ASGIApp) -> ASGIApp:
    """A middleware for Litestar's `middleware`."""

    async def with_etags(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, TaggedAnswer(scope, send) if _is_tagged(scope) else send)

    return with_etags


def _is_tagged(scope: Any) -> bool:
    return scope["type"] == "http" and scope["method"] == "GET" and bool(scope["route_handler"].opt.get("etag"))


class TaggedAnswer:
    """Takes the place of `send` for one answer: holds it back until its body is whole."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._offered = b", ".join(value for name, value in scope["headers"] if name == b"if-none-match")
        self._send = send
        self._start: Any = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message["body"]
            if not message["more_body"]:
                await self._finish()

    async def _finish(self) -> None:
        tag = etag_of(bytes(self._body))
        known = is_known(tag, self._offered)
        self._start["status"] = 304 if known else 200
        self._start["headers"] = [*_kept(self._start["headers"], known), (b"etag", tag)]
        body = b"" if known else bytes(self._body)
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def etag_of(body: bytes) -> bytes:
    """Signatures count by the minute: by the second no answer would be known, and for ever the links would expire."""
    steady = _SIGNATURE.sub(_minute, body)
    return b'W/"%s"' % hashlib.blake2b(steady, digest_size=16).hexdigest().encode()


def _minute(signature: re.Match[bytes]) -> bytes:
    return b"%d" % (int(signature[1]) // 60) if signature[1] else signature[2]


def is_known(tag: bytes, offered: bytes) -> bool:
    """Whether an If-None-Match header names the tag; weak and strong spellings count as the same."""
    return offered.strip() == b"*" or tag.removeprefix(b"W/") in _TAG.findall(offered)


def _kept(headers: list[tuple[bytes, bytes]], is_empty: bool) -> list[tuple[bytes, bytes]]:
    """A 304 has no content to describe. Whoever keeps the answer shall ask again before using it."""
    kept = [pair for pair in headers if not (is_empty and pair[0].lower() in (b"content-type", b"content-length"))]
    names = {name.lower() for name, _ in kept}
    return kept if b"cache-control" in names else [*kept, (b"cache-control", b"private, no-cache")]
