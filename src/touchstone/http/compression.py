"""Answers packed with zstd or gzip for clients that take them.

zstd needs the package `backports.zstd`; without it everybody gets gzip.
"""

import asyncio
import importlib
import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Protocol

from touchstone.http.asgi import Header, Message, Scope, Send, with_vary

GZIP_LEVEL = 5
ZSTD_LEVEL = 3
# packing a larger body on the event loop would hold up everybody else for more than about two milliseconds
THREAD_BYTES = 128 * 1024
_PACKABLE = (b"text/", b"application/json", b"application/problem+json", b"application/xml", b"application/javascript")
_PACKABLE_SUFFIXES = (b"+json", b"+xml", b"javascript", b"x-ndjson", b"jsonlines")


class Packer(Protocol):
    """One response body on its way through."""

    def pack(self, data: bytes) -> bytes:
        """The packed bytes so far, everything that went in readable at the other end."""
        ...

    def finish(self, data: bytes) -> bytes:
        """The last packed bytes."""
        ...


class Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)

    def pack(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def finish(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush()


class Zstandard:
    def __init__(self, library: Any) -> None:
        self._stream = library.ZstdCompressor(level=ZSTD_LEVEL)

    def pack(self, data: bytes) -> bytes:
        return self._stream.compress(data, self._stream.FLUSH_BLOCK)

    def finish(self, data: bytes) -> bytes:
        return self._stream.compress(data, self._stream.FLUSH_FRAME)


def available_packers() -> dict[str, Callable[[], Packer]]:
    """By name of encoding, the better first."""
    try:
        library = importlib.import_module("backports.zstd")
    except ImportError:
        return {"gzip": Gzip}
    return {"zstd": partial(Zstandard, library), "gzip": Gzip}


PACKERS = available_packers()


@lru_cache(256)
def chosen_encoding(accepted: bytes) -> str | None:
    """The encoding of ours that this Accept-Encoding rates highest, in doubt the better one; None for none."""
    rates = _rates(accepted[:512].decode("latin-1"))
    rated = [(rates.get(name, rates.get("*", 0.0)), name) for name in PACKERS]
    best = max(rated, key=lambda pair: pair[0])
    return best[1] if best[0] > 0 else None


def _rates(accepted: str) -> dict[str, float]:
    rates: dict[str, float] = {}
    for part in accepted.split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.strip().partition("=")
        try:
            rates[name.strip().lower()] = float(value) if key.strip().lower() == "q" else 1.0
        except ValueError:
            continue
    return rates


def compressing(scope: Scope, accepted: bytes | None, minimum_bytes: int, send: Send) -> Send:
    """`send` that packs what is worth it for a client with this Accept-Encoding."""
    if accepted is None or scope["method"] == "HEAD" or (encoding := chosen_encoding(accepted)) is None:
        return send
    return _CompressingSend(encoding, minimum_bytes, send)


class _CompressingSend:
    """Holds the start of the answer back until the first piece of the body shows what is to be done."""

    def __init__(self, encoding: str, minimum_bytes: int, send: Send) -> None:
        self._encoding = encoding
        self._minimum_bytes = minimum_bytes
        self._send = send
        self._start: Message | None = None
        self._packer: Packer | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_packable(message, self._minimum_bytes):
            self._start = message
        elif self._start is not None:
            await self._send_first(self._start, message)
        elif self._packer is not None and message["type"] == "http.response.body":
            await self._send(await _packed(self._packer, message))
        else:
            await self._send(message)

    async def _send_first(self, start: Message, message: Message) -> None:
        self._start = None
        body: bytes = message.get("body", b"")
        is_whole = not message.get("more_body", False)
        if message["type"] != "http.response.body" or (is_whole and len(body) < self._minimum_bytes):
            await self._send(start)
            await self._send(message)
            return
        self._packer = PACKERS[self._encoding]()
        packed = await _packed(self._packer, message)
        start["headers"] = _packed_headers(start["headers"], self._encoding, len(packed["body"]) if is_whole else None)
        await self._send(start)
        await self._send(packed)


def _is_packable(start: Message, minimum_bytes: int) -> bool:
    headers = dict(start.get("headers", ()))
    if start["status"] < 200 or start["status"] in (204, 206, 304):
        return False
    if b"content-encoding" in headers or b"no-transform" in headers.get(b"cache-control", b""):
        return False
    # a download that can be resumed needs its true length, and an ETag that stands for its very bytes
    if b"accept-ranges" in headers:
        return False
    length: bytes | None = headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length) < minimum_bytes:
        return False
    kind: bytes = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    # an event has to arrive when it happens, and event streams are the one kind of text that waits
    return kind != b"text/event-stream" and (kind.startswith(_PACKABLE) or kind.endswith(_PACKABLE_SUFFIXES))


async def _packed(packer: Packer, message: Message) -> Message:
    data: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        run = packer.finish
    elif data:
        run = packer.pack
    else:
        return message
    body = await asyncio.to_thread(run, data) if len(data) > THREAD_BYTES else run(data)
    return {**message, "body": body}


def _packed_headers(headers: list[Header], encoding: str, length: int | None) -> list[Header]:
    kept = [_weaker(header) for header in headers if header[0] != b"content-length"]
    kept.append((b"content-encoding", encoding.encode()))
    if length is not None:
        kept.append((b"content-length", str(length).encode()))
    return with_vary(kept, b"Accept-Encoding")


def _weaker(header: Header) -> Header:
    """A strong ETag promises the very bytes, which packing changes."""
    if header[0] == b"etag" and not header[1].startswith(b"W/"):
        return header[0], b"W/" + header[1]
    return header
