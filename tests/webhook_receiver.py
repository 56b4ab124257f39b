"""The other side of a webhook: verifies as Standard Webhooks asks, and a loopback server that answers as told."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import msgspec

TOLERANCE_SECONDS = 300

Answer = Callable[[asyncio.StreamWriter, int], Awaitable[None]]


def verified(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """Written from the specification alone, not from what signs: shares no code with the service."""
    timestamp = headers["webhook-timestamp"]
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = headers["webhook-id"].encode() + b"." + timestamp.encode() + b"." + body
    key = base64.b64decode(secret.split("_", 1)[1])
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    offered = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(expected, value) for version, value in offered)


class Message(msgspec.Struct, frozen=True):
    headers: dict[str, str]
    body: bytes
    target: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Receiver:
    """Keeps what it was sent. `answer` writes the response to the n-th message (from 1)."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answer: Answer = status(204)
        self.port = 0
        self.at_once = 0
        self.most_at_once = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=only-for-two"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                self.messages.append(await _read(reader))
                await self.answer(writer, len(self.messages))
        finally:
            self.at_once -= 1
            writer.close()


def status(code: int, *headers: str) -> Answer:
    async def answer(writer: asyncio.StreamWriter, _: int) -> None:
        lines = [f"HTTP/1.1 {code} Whatever", "content-length: 0", *headers, "", ""]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()

    return answer


def in_turn(*answers: Answer) -> Answer:
    """The last one goes on."""

    async def answer(writer: asyncio.StreamWriter, number: int) -> None:
        await answers[min(number, len(answers)) - 1](writer, number)

    return answer


def endless(code: int) -> Answer:
    """A status at once, and a body that never ends."""

    async def answer(writer: asyncio.StreamWriter, _: int) -> None:
        writer.write(f"HTTP/1.1 {code} Whatever\r\ncontent-type: text/plain\r\n\r\n".encode())
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            await writer.drain()

    return answer


def silent() -> Answer:
    async def answer(writer: asyncio.StreamWriter, _: int) -> None:
        while not writer.is_closing():
            await asyncio.sleep(0.01)

    return answer


@contextlib.asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


async def _read(reader: asyncio.StreamReader) -> Message:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    return Message(headers, await reader.readexactly(int(headers["content-length"])), head[0].split(" ")[1])
