"""A TCP proxy on loopback that misbehaves on request, for tests of what happens when another system does."""

import asyncio
from typing import Self


class FaultProxy:
    """`async with FaultProxy("127.0.0.1", port) as proxy:` and talk to `proxy.port` instead.

    The faults may be switched at any time, also for connections that are already open; `heal` ends them all.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0
        self.latency_seconds = 0.0
        self.answers_to_lose = 0
        self.answer_bytes_before_cut: int | None = None
        self.accepted = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        self._flowing.set()
        await asyncio.gather(*(connection.ended.wait() for connection in tuple(self._connections)))

    def delay(self, seconds: float) -> None:
        """Every piece of data takes that much longer, in both directions."""
        self.latency_seconds = seconds

    def blackhole(self) -> None:
        """Connections are accepted and kept, and nothing comes through."""
        self._flowing.clear()

    def cut(self) -> None:
        """Breaks what is connected now; new connections work."""
        for connection in tuple(self._connections):
            connection.abort()

    def cut_answers_after(self, count: int) -> None:
        """Breaks each connection once `count` bytes of answers have come through it."""
        self.answer_bytes_before_cut = count

    def lose_answers(self, count: int) -> None:
        """The next `count` requests arrive and are served, and the connection breaks where the answer should come."""
        self.answers_to_lose = count

    def refuse(self) -> None:
        """Nothing listens any more, and what is connected breaks."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    async def heal(self) -> None:
        self.latency_seconds = 0.0
        self.answers_to_lose = 0
        self.answer_bytes_before_cut = None
        self._flowing.set()
        if self._server is None:
            await self._listen()

    async def flowing(self) -> None:
        await self._flowing.wait()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        await self.flowing()
        try:
            there = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, (reader, writer), there)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    def __init__(self, proxy: FaultProxy, here: Stream, there: Stream) -> None:
        self._proxy, self._here, self._there = proxy, here, there
        self._answered = 0
        self.ended = asyncio.Event()

    async def run(self) -> None:
        try:
            await asyncio.gather(
                self._pump(self._here[0], self._there[1], answers=False),
                self._pump(self._there[0], self._here[1], answers=True),
            )
        finally:
            self.abort()
            self.ended.set()

    def abort(self) -> None:
        self._here[1].transport.abort()
        self._there[1].transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        try:
            while data := await source.read(65536):
                if self._proxy.latency_seconds:
                    await asyncio.sleep(self._proxy.latency_seconds)
                await self._proxy.flowing()
                if answers and self._is_broken_by(data):
                    self.abort()
                    return
                sink.write(data)
                await sink.drain()
            if sink.can_write_eof():
                sink.write_eof()
        except OSError:
            self.abort()

    def _is_broken_by(self, data: bytes) -> bool:
        if self._proxy.answers_to_lose > 0:
            self._proxy.answers_to_lose -= 1
            return True
        self._answered += len(data)
        limit = self._proxy.answer_bytes_before_cut
        return limit is not None and self._answered > limit
