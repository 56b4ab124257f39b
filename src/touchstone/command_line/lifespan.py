"""Starts and ends an ASGI application around its server, so that it is ready before it listens."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from touchstone.errors import Failure

Message = MutableMapping[str, Any]
Application = Callable[[Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class StartFailed(Failure):
    """The application did not start: {reason}."""


@asynccontextmanager
async def lifespan(application: Application) -> AsyncGenerator[None]:
    """The ASGI lifespan protocol, version 2. Raises what the application raises, or StartFailed."""
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    outgoing: asyncio.Queue[Message] = asyncio.Queue()
    scope: Message = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.ensure_future(application(scope, incoming.get, outgoing.put))
    await incoming.put({"type": "lifespan.startup"})
    await _answer(task, outgoing)
    try:
        yield
    finally:
        await incoming.put({"type": "lifespan.shutdown"})
        await _answer(task, outgoing)
        await task


async def _answer(task: "asyncio.Future[None]", outgoing: "asyncio.Queue[Message]") -> None:
    waiting = asyncio.ensure_future(outgoing.get())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        task.result()
        raise StartFailed(reason="it ended without an answer")
    message = waiting.result()
    if message["type"].endswith(".failed"):
        if task.done():
            task.result()
        raise StartFailed(reason=message.get("message") or "it gave no reason")
