"""Pieces of something long, of which no more than a few are ever in memory."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any

QUEUED_PIECES = 4

Put = Callable[[bytes], Coroutine[Any, Any, None]]


async def pieces_of(fill: Callable[[Put], Awaitable[None]]) -> AsyncGenerator[bytes]:
    """What `fill` puts, which waits while a few pieces are there that nobody has taken. Closing this ends `fill`.

    `fill` is a task of its own and gives back by itself what it holds: whoever reads may be cancelled at any point,
    and again while it tidies up.
    """
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED_PIECES)

    async def fill_and_end() -> None:
        try:
            await fill(pieces.put)
        except Exception:
            await pieces.put(None)
            raise
        await pieces.put(None)

    filling = asyncio.create_task(fill_and_end())
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
        await filling
    finally:
        filling.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await filling
