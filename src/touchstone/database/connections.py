"""Connections at hand: asyncpg's pool starts a task for each time one is given back, which costs as much as a query."""

import asyncio
import contextlib
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

# a connection that nobody needed for so long is closed: it holds memory of the server, and may be dead unnoticed
UNUSED_SECONDS = 120.0
CLOSE_SECONDS = 2.0


class Connections:
    """Keeps what is given back in good order for whoever comes next; anything else is the pool's business."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", *, wait_seconds: float) -> None:
        """`wait_seconds` is how long one may take to come."""
        self._pool = pool
        self._wait_seconds = wait_seconds
        self._at_hand: list[tuple[Connection, float]] = []
        self._waiting = 0
        self._is_closing = False
        self._closing_unused: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def take(self) -> Connection:
        """The one that was used last."""
        while self._at_hand:
            connection, _ = self._at_hand.pop()
            if _is_alive(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=self._wait_seconds)
        finally:
            self._waiting -= 1

    async def give_back(self, connection: Connection, error: BaseException | None) -> None:
        """Where something went wrong, or somebody waits, it goes the pool's long way."""
        if error is not None or self._waiting or self._is_closing or not _is_alive(connection):
            await self._pool.release(connection)
            return
        loop = asyncio.get_running_loop()
        self._at_hand.append((connection, loop.time()))
        if self._timer is None:
            self._timer = loop.call_later(UNUSED_SECONDS, self._look_for_unused)

    def _look_for_unused(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - UNUSED_SECONDS
        unused = [connection for connection, since in self._at_hand if since <= oldest]
        self._at_hand = [one for one in self._at_hand if one[1] > oldest]
        self._timer = loop.call_later(UNUSED_SECONDS, self._look_for_unused) if self._at_hand else None
        if unused:
            self._closing_unused = asyncio.create_task(self._close(unused))

    async def _close(self, unused: list[Connection]) -> None:
        for connection in unused:
            with contextlib.suppress(Exception):
                await connection.close(timeout=CLOSE_SECONDS)
            with contextlib.suppress(Exception):
                await self._pool.release(connection)

    async def close(self) -> None:
        """Waits for the statements that are under way."""
        self._is_closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._closing_unused is not None:
            await self._closing_unused
        at_hand, self._at_hand = self._at_hand, []
        for connection, _ in at_hand:
            await self._pool.release(connection)
        await self._pool.close()


def _is_alive(connection: Connection) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has noticed already, and taken it back
        return False
