"""Reads server-sent events of an ASGI application one by one, and goes away when it has seen enough."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

PATIENCE_SECONDS = 20


class Event(msgspec.Struct, frozen=True):
    """`data` is decoded JSON."""

    kind: str
    id: str
    data: Any


class EventStream:
    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._text = ""
        self._grown = asyncio.Event()
        self._is_over = False
        self.gone = asyncio.Event()

    async def next(self) -> Event | None:
        """The next event; None at the stream's end."""
        while True:
            block, separator, rest = self._text.replace("\r\n", "\n").partition("\n\n")
            if separator:
                self._text = rest
                if (event := _event(block)) is not None:
                    return event
            elif self._is_over:
                return None
            else:
                self._grown.clear()
                await asyncio.wait_for(self._grown.wait(), PATIENCE_SECONDS)

    async def rest(self) -> list[Event]:
        found: list[Event] = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found

    async def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            self._text += message.get("body", b"").decode()
            self._is_over = not message.get("more_body", False)
        self._grown.set()


@asynccontextmanager
async def listening(app: Any, path: str, *, last_event_id: str | None = None) -> AsyncGenerator[EventStream]:
    """The client disconnects at the end of the block."""
    stream = EventStream()
    requested = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not requested.is_set():
            requested.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await stream.gone.wait()
        return {"type": "http.disconnect"}

    headers = {"host": "127.0.0.1:8000", "accept": "text/event-stream", "accept-encoding": "gzip, zstd"}
    if last_event_id is not None:
        headers["last-event-id"] = last_event_id
    task = asyncio.create_task(app(_scope(path, headers), receive, stream.take))
    try:
        yield stream
    finally:
        stream.gone.set()
        await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), PATIENCE_SECONDS)


def _scope(path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    plain, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


def _event(block: str) -> Event | None:
    """None for a comment."""
    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    if "data" not in fields:
        return None
    return Event(kind=fields.get("event", "message"), id=fields["id"], data=msgspec.json.decode(fields["data"]))
