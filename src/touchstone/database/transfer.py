"""Rows on their way from one database into another: by COPY, without a look at each."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import asyncpg

from touchstone.database.copying import Put, pieces_of
from touchstone.database.executor import touched, unavailable_when_gone
from touchstone.errors import Forbidden, Invalid, Unavailable

CONNECT_SECONDS = 10
COPY_SECONDS = 3600.0
CLOSE_SECONDS = 2.0
# what is written on one side is read on the other
_WRITTEN_ALIKE = (
    "set datestyle = 'ISO, YMD'",
    "set intervalstyle = 'postgres'",
    "set bytea_output = 'hex'",
    "set extra_float_digits = 1",
    "set client_encoding = 'UTF8'",
    "set statement_timeout = 0",
)


class TimeZoneUnknown(Invalid):
    """The source database knows no time zone {name}."""


class SourceForbidden(Forbidden):
    """The role that reads the source may not read all of it: {reason}"""


class SourceDiffers(Invalid):
    """This is no database of the kind that is imported, or one of another release: {reason}"""


class Source:
    """A database that is only read, as it was at one moment."""

    def __init__(self, connection: "asyncpg.Connection") -> None:
        self._connection = connection

    async def fetch_value(self, sql: str, *values: Any) -> Any:
        """Raises SourceForbidden."""
        try:
            return await self._connection.fetchval(sql, *values)
        except asyncpg.InsufficientPrivilegeError as error:
            raise SourceForbidden(reason=str(error)) from error

    async def check(self, statements: Sequence[str]) -> None:
        """Raises SourceDiffers unless all of them can be run."""
        for sql in statements:
            try:
                await self._connection.prepare(sql)
            except asyncpg.SyntaxOrAccessError as error:
                raise SourceDiffers(reason=str(error)) from error

    def copy_out(self, sql: str, *values: Any) -> AsyncGenerator[bytes]:
        async def fill(put: Put) -> None:
            try:
                await self._connection.copy_from_query(sql, *values, output=put, timeout=COPY_SECONDS)
            except BaseException:
                await self._connection.close(timeout=CLOSE_SECONDS)
                raise

        return pieces_of(fill)


class Target:
    """The database that rows are brought into, as its owner."""

    def __init__(self, connection: "asyncpg.Connection") -> None:
        self._connection = connection

    async def fetch_value(self, sql: str, *values: Any) -> Any:
        return await self._connection.fetchval(sql, *values)

    async def fetch_rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._connection.fetch(sql, *values)]

    async def execute(self, sql: str, *values: Any) -> int:
        """Answers how many rows the statement touched."""
        return touched(await self._connection.execute(sql, *values))

    async def copy_in(self, table: str, pieces: AsyncGenerator[bytes]) -> int:
        async with contextlib.aclosing(pieces):
            return touched(await self._connection.copy_to_table(table, source=pieces, timeout=COPY_SECONDS))

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        async with self._connection.transaction():
            yield


@contextlib.asynccontextmanager
async def open_source(url: str, *, timezone: str) -> AsyncGenerator[Source]:
    """`timezone` is that of its times without a zone. Raises Unavailable, TimeZoneUnknown."""
    async with _connected(url) as connection:
        try:
            await connection.execute("select set_config('timezone', $1, false)", timezone)
        except asyncpg.InvalidParameterValueError as error:
            raise TimeZoneUnknown(name=timezone) from error
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield Source(connection)


@contextlib.asynccontextmanager
async def open_target(owner_url: str) -> AsyncGenerator[Target]:
    """Raises Unavailable."""
    async with _connected(owner_url) as connection:
        yield Target(connection)


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncGenerator["asyncpg.Connection"]:
    with unavailable_when_gone():
        try:
            connection = await asyncpg.connect(
                url,
                timeout=CONNECT_SECONDS,
                server_settings={"application_name": "touchstone import", "timezone": "UTC"},
            )
        except asyncpg.PostgresError as error:
            raise Unavailable(system="database", reason=str(error)) from error
    try:
        with unavailable_when_gone():
            for statement in _WRITTEN_ALIKE:
                await connection.execute(statement)
            yield connection
    finally:
        await connection.close(timeout=CLOSE_SECONDS)
