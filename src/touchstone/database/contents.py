"""What a database holds, as its owner sees it: to be copied, compared and replaced as a whole."""

import contextlib
from collections.abc import AsyncGenerator

import asyncpg
import msgspec

from touchstone.database.executor import unavailable_when_gone

# what is no member of an extension; partitions count with the table that they are part of
TABLES = """
    select quote_ident(relname) as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid
            and deptype = 'e')
    order by relname
"""
DROPS = """
    select format('drop table if exists %s cascade', pg_class.oid::regclass) as statement from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid
            and deptype = 'e')
    union all
    select format('drop routine if exists %s cascade', pg_proc.oid::regprocedure) from pg_proc
    where pronamespace = 'public'::regnamespace
        and not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid
            and deptype = 'e')
    union all
    select format('drop type if exists %s cascade', pg_type.oid::regtype) from pg_type
    where typnamespace = 'public'::regnamespace and typtype in ('e', 'd')
        and not exists (select from pg_depend where classid = 'pg_type'::regclass and objid = pg_type.oid
            and deptype = 'e')
"""
# by which a row's text is the same wherever it is written
WRITTEN_ALIKE = (
    "set timezone = 'UTC'",
    "set datestyle = 'ISO, YMD'",
    "set intervalstyle = 'postgres'",
    "set bytea_output = 'hex'",
    "set extra_float_digits = 1",
    "set search_path = public",
    "set statement_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
)
LOCK_SECONDS = 10


class TableContents(msgspec.Struct, frozen=True):
    """`checksum` is the sum over the rows of 60 bits of the MD5 of each row's text: their order does not matter."""

    rows: int
    checksum: str


class Contents:
    """One view of the database at one moment; `snapshot` lets pg_dump see the same."""

    def __init__(self, connection: "asyncpg.Connection", snapshot: str) -> None:
        self._connection = connection
        self.snapshot = snapshot

    @property
    def server_major(self) -> int:
        return self._connection.get_server_version().major

    async def tables(self) -> list[str]:
        """Their names, quoted where SQL needs it."""
        return [row["name"] for row in await self._connection.fetch(TABLES)]

    async def of_table(self, name: str) -> TableContents:
        """`name` as `tables` gives it."""
        row = await self._connection.fetchrow(
            "select count(*) as rows, "
            "coalesce(sum(('x' || substr(md5(found::text), 1, 15))::bit(60)::bigint), 0)::text as checksum "
            f"from {name} as found"
        )
        return msgspec.convert(dict(row or {}), TableContents)

    async def other_services(self) -> int:
        """How many connections of running services there are."""
        return await self._connection.fetchval(
            """
            select count(*) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and application_name = 'touchstone'
            """
        )


@contextlib.asynccontextmanager
async def contents_of(owner_url: str) -> AsyncGenerator[Contents]:
    """Raises Unavailable."""
    async with _connected(owner_url) as connection:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield Contents(connection, await connection.fetchval("select pg_export_snapshot()"))


async def empty_database(owner_url: str) -> None:
    """Drops every table, routine and type of the schema `public`, but for what belongs to extensions."""
    async with _connected(owner_url) as connection, connection.transaction():
        await connection.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
        for row in await connection.fetch(DROPS):
            await connection.execute(row["statement"])


@contextlib.asynccontextmanager
async def _connected(owner_url: str) -> AsyncGenerator["asyncpg.Connection"]:
    with unavailable_when_gone():
        connection = await asyncpg.connect(
            owner_url, timeout=10, server_settings={"application_name": "touchstone backup"}
        )
    try:
        for statement in WRITTEN_ALIKE:
            await connection.execute(statement)
        yield connection
    finally:
        await connection.close(timeout=5)
