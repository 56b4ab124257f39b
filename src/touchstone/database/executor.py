"""What repositories stand on: the pool, or one explicit transaction."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any, LiteralString, Protocol, TypeVar

import asyncpg
import msgspec

from touchstone.database.connections import Connections
from touchstone.database.copying import Put, pieces_of
from touchstone.database.rows import reader_for
from touchstone.errors import Failure, Unavailable

T = TypeVar("T")

COMMAND_TIMEOUT_SECONDS = 30.0
ACQUIRE_TIMEOUT_SECONDS = 10.0
# a transaction does nothing but statements, so one that waits longer has lost its process, and keeps its locks
STANDSTILL_SECONDS = 30
# whoever takes longer over what a statement found is cut off: until then it holds a connection and old rows
COPY_SECONDS = 3600.0
BREAK_OFF_SECONDS = 2.0


class Executor(Protocol):
    """Runs SQL; rows become structs by column name, json and jsonb columns included."""

    async def fetch_all(self, kind: type[T], sql: LiteralString, *values: Any) -> list[T]: ...

    async def fetch_one(self, kind: type[T], sql: LiteralString, *values: Any) -> T | None: ...

    async def fetch_value(self, sql: LiteralString, *values: Any) -> Any: ...

    async def fetch_json(self, sql: LiteralString, *values: Any) -> bytes | None:
        """The one json or jsonb value as Postgres wrote it; None when there is no row, or null in it."""
        ...

    async def execute(self, sql: LiteralString, *values: Any) -> int:
        """Answers how many rows the statement touched."""
        ...


class Transaction:
    """One connection inside one transaction."""

    def __init__(self, connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection") -> None:
        self.connection = connection

    async def fetch_all(self, kind: type[T], sql: LiteralString, *values: Any) -> list[T]:
        rows = await self.connection.fetch(sql, *values)
        if not rows:
            return []
        reader = reader_for(kind, tuple(rows[0].keys()))
        return [reader.read(row) for row in rows]

    async def fetch_one(self, kind: type[T], sql: LiteralString, *values: Any) -> T | None:
        row = await self.connection.fetchrow(sql, *values)
        return None if row is None else reader_for(kind, tuple(row.keys())).read(row)

    async def fetch_value(self, sql: LiteralString, *values: Any) -> Any:
        value = await self.connection.fetchval(sql, *values)
        return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value

    async def fetch_json(self, sql: LiteralString, *values: Any) -> bytes | None:
        value = await self.connection.fetchval(sql, *values)
        return None if value is None else bytes(value)

    async def execute(self, sql: LiteralString, *values: Any) -> int:
        return touched(await self.connection.execute(sql, *values))

    @contextlib.asynccontextmanager
    async def within(self, seconds: float) -> AsyncGenerator[None]:
        """A part of the transaction whose statements may take so long each; when one fails, that part is undone alone.

        Raises StatementGivenUp for one that took longer, or met a value that Postgres cannot work with.
        """
        try:
            async with self.connection.transaction():
                await self.connection.execute(f"set local statement_timeout = {seconds * 1000:.0f}")
                yield
                await self.connection.execute("set local statement_timeout to default")
        except (asyncpg.QueryCanceledError, asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:
            raise StatementGivenUp(reason=type(error).__name__) from error


class StatementGivenUp(Failure):
    """A statement was given up: {reason}"""


class Database:
    """The pool: every statement on its own, unless `transaction` groups them."""

    def __init__(self, url: str, *, size: int = 10) -> None:
        self.url = url
        self.size = size
        self._connections: Connections | None = None
        self._copies = asyncio.Semaphore(max(1, size // 2))  # long ones leave connections to everybody else

    async def open(self) -> None:
        """Makes the pool; connections come with the first statements, so a database that is away fails those."""
        pool = await asyncpg.create_pool(
            self.url,
            min_size=0,
            max_size=self.size,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            timeout=ACQUIRE_TIMEOUT_SECONDS,
            init=_prepare,
            reset=_leave_as_it_is,
            server_settings={"application_name": "touchstone", "timezone": "UTC"},
        )
        self._connections = Connections(pool, wait_seconds=ACQUIRE_TIMEOUT_SECONDS)

    async def close(self) -> None:
        if self._connections is not None:
            await self._connections.close()

    async def fetch_all(self, kind: type[T], sql: LiteralString, *values: Any) -> list[T]:
        async with self._connection() as connection:
            return await connection.fetch_all(kind, sql, *values)

    async def fetch_one(self, kind: type[T], sql: LiteralString, *values: Any) -> T | None:
        async with self._connection() as connection:
            return await connection.fetch_one(kind, sql, *values)

    async def fetch_value(self, sql: LiteralString, *values: Any) -> Any:
        async with self._connection() as connection:
            return await connection.fetch_value(sql, *values)

    async def fetch_json(self, sql: LiteralString, *values: Any) -> bytes | None:
        async with self._connection() as connection:
            return await connection.fetch_json(sql, *values)

    async def execute(self, sql: LiteralString, *values: Any) -> int:
        async with self._connection() as connection:
            return await connection.execute(sql, *values)

    def copy_out(self, sql: LiteralString, *values: Any) -> AsyncGenerator[bytes]:
        """What a statement finds as CSV, each row with `\\n` behind it, in pieces that end anywhere.

        For whole tables: memory stays flat however slow the reader is, and closing the generator ends the COPY.
        Reading it raises Unavailable, also while too many such copies go on.
        """

        async def fill(put: Put) -> None:
            async with self._copying(), self._connection() as borrowed:
                connection = borrowed.connection
                try:
                    await connection.copy_from_query(sql, *values, output=put, format="csv", timeout=COPY_SECONDS)
                except BaseException:
                    # asyncpg asks Postgres to stop, and then takes the connection for one that is still copying
                    await connection.close(timeout=BREAK_OFF_SECONDS)
                    raise

        return pieces_of(fill)

    @contextlib.asynccontextmanager
    async def _copying(self) -> AsyncGenerator[None]:
        with unavailable_when_gone():
            async with asyncio.timeout(ACQUIRE_TIMEOUT_SECONDS):
                await self._copies.acquire()
        try:
            yield
        finally:
            self._copies.release()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        async with self._connection() as connection, connection.connection.transaction():
            yield connection

    def _connection(self) -> "_Borrowed":
        if self._connections is None:
            raise Unavailable(system="database", reason="not opened")
        return _Borrowed(self._connections)

    async def listen(self, channel: str, hint: asyncio.Event, *, hears: asyncio.Event | None = None) -> None:
        """Sets `hint` at every notification, until the connection is lost or the task is cancelled.

        `hears` is set as long as no notification can be missed.
        """
        with unavailable_when_gone():
            connection = await asyncpg.connect(self.url, timeout=ACQUIRE_TIMEOUT_SECONDS)
            lost = asyncio.Event()

            def notified(*_: Any) -> None:
                hint.set()

            connection.add_termination_listener(lambda _: lost.set())
            try:
                await connection.add_listener(channel, notified)
                if hears is not None:
                    hears.set()
                await lost.wait()
            finally:
                if hears is not None:
                    hears.clear()
                await connection.close(timeout=2)

    async def check(self) -> None:
        """Raises Unavailable unless the database answers."""
        await self.fetch_value("select 1")


class _Borrowed:
    """A connection of the pool for one block; what generators do for context managers costs as much as a statement."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def __aenter__(self) -> Transaction:
        with unavailable_when_gone():
            self._connection = await self._connections.take()
        return Transaction(self._connection)

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        with unavailable_when_gone():
            await self._connections.give_back(self._connection, error)
        raise_unavailable_if_gone(error)


# what asyncpg raises when the server is away, restarting, full or too slow
GONE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a connection raises whose session was ended while it was idle
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
)


class unavailable_when_gone:  # noqa: N801 - reads like the function it stands for
    """Turns what asyncpg raises for a server that is away into Unavailable."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        raise_unavailable_if_gone(error)


def raise_unavailable_if_gone(error: BaseException | None) -> None:
    if isinstance(error, GONE) and not isinstance(error, asyncpg.DataError):
        raise Unavailable(system="database", reason=type(error).__name__) from error


@contextlib.contextmanager
def constraint(failures: Mapping[str, Failure]):
    """Turns the violation of a named constraint into the failure it stands for; others stay bugs."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        failure = failures.get(getattr(error, "constraint_name", None) or "")
        if failure is None:
            raise
        raise failure from error


def touched(status: str) -> int:
    """The row count at the end of a command tag such as `UPDATE 3`."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


async def _prepare(connection: "asyncpg.Connection") -> None:
    # by a statement, because connection poolers refuse unknown parameters of the start. No statement here is so long
    # that compiling it would pay: where the planner expects many rows, that takes longer than all of the statement
    await connection.execute(f"set idle_in_transaction_session_timeout = {STANDSTILL_SECONDS * 1000:d}; set jit = off")
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=_encode_json, decoder=msgspec.Raw, format="text"
        )


async def _leave_as_it_is(_: object) -> None:
    """Nothing here sets what outlives its transaction, and asyncpg's own reset is a statement more for each of ours."""


def _encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
