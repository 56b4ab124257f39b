"""Applies the migrations: plain SQL by yoyo, under an advisory lock, as the role that owns the tables."""

import asyncio
import contextlib
import io
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import msgspec

from touchstone.database.executor import unavailable_when_gone
from touchstone.errors import Conflict

# what happened is added, and never changed
APPEND_ONLY = ("audit_event", "audit_seal")
# what only the owner says
READ_ONLY = ("audit_cut",)
TAKEN_BACK = {"update, delete, truncate": APPEND_ONLY, "insert, update, delete, truncate": READ_ONLY}
LOCK_KEY = 7_308_332_182  # any number that no other program on this database takes


class SchemaTooOld(Conflict):
    """The database lacks the migrations {missing}; run `touchstone migrate` first."""


class SchemaTooNew(Conflict):
    """The database has the migrations {unknown}, which this release does not know; start a newer release."""


class Plan(msgspec.Struct, frozen=True):
    applied: list[str]
    pending: list[str]
    unknown: list[str]


def migrations_directory() -> Path:
    """Inside the installed package, or at the top of the source tree."""
    packaged = Path(__file__).parent.parent / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"


def known_migrations() -> list[str]:
    files = sorted(migrations_directory().glob("*.sql"))
    return [file.stem for file in files if not file.stem.endswith(".rollback")]


async def migrate(owner_url: str, *, service_role: str | None = None) -> list[str]:
    """Applies what is missing; answers the names. The role that serves gets its grants again each time."""
    async with _under_lock(owner_url) as connection:
        applied = await asyncio.to_thread(_apply, owner_url)
        if service_role:
            async with connection.transaction():  # nobody has for a moment what is taken away below
                await _grant(connection, service_role)
    return applied


async def rollback(owner_url: str, count: int = 1) -> list[str]:
    """Takes back the newest `count` migrations; answers the names."""
    async with _under_lock(owner_url):
        return await asyncio.to_thread(_roll_back, owner_url, count)


async def plan(url: str) -> Plan:
    """What the database has, held against what this release knows."""
    with unavailable_when_gone():
        connection = await asyncpg.connect(url, timeout=10)
    try:
        exists = await connection.fetchval("select to_regclass('_yoyo_migration') is not null")
        rows = await connection.fetch("select migration_id from _yoyo_migration order by 1") if exists else []
    finally:
        await connection.close()
    applied, known = [row["migration_id"] for row in rows], known_migrations()
    return Plan(
        applied=applied,
        pending=[name for name in known if name not in applied],
        unknown=[name for name in applied if name not in known],
    )


async def require_current_schema(url: str) -> None:
    """Raises SchemaTooOld or SchemaTooNew."""
    found = await plan(url)
    if found.unknown:
        raise SchemaTooNew(unknown=", ".join(found.unknown))
    if found.pending:
        raise SchemaTooOld(missing=", ".join(found.pending))


@contextlib.asynccontextmanager
async def _under_lock(owner_url: str) -> AsyncGenerator["asyncpg.Connection"]:
    with unavailable_when_gone():
        connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK_KEY)
        yield connection
    finally:
        await connection.close()


def _apply(owner_url: str) -> list[str]:
    from yoyo import read_migrations  # pyright: ignore[reportUnknownVariableType]

    with _backend(owner_url) as backend, backend.lock():
        todo = backend.to_apply(read_migrations(str(migrations_directory())))
        backend.apply_migrations(todo)
        return [migration.id for migration in todo]


def _roll_back(owner_url: str, count: int) -> list[str]:
    from yoyo import read_migrations  # pyright: ignore[reportUnknownVariableType]

    with _backend(owner_url) as backend, backend.lock():
        todo = backend.to_rollback(read_migrations(str(migrations_directory())))[:count]
        backend.rollback_migrations(todo)
        return [migration.id for migration in todo]


@contextlib.contextmanager
def _backend(owner_url: str):
    # imported here because only migrating needs it; any row in yoyo's own lock table is stale, as we hold the lock
    from yoyo import get_backend  # pyright: ignore[reportUnknownVariableType]

    backend = get_backend(owner_url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        backend.break_lock()
        with contextlib.redirect_stdout(io.StringIO()):
            yield backend
    finally:
        backend.connection.close()


async def _grant(connection: "asyncpg.Connection", role: str) -> None:
    """The serving role reads and writes rows; it cannot alter, create or truncate tables."""
    name = await connection.fetchval("select quote_ident(rolname) from pg_roles where rolname = $1", role)
    if name is None or name == await connection.fetchval("select quote_ident(current_user)"):
        return
    await connection.execute(f"grant usage on schema public to {name}")
    await connection.execute(f"grant select, insert, update, delete on all tables in schema public to {name}")
    await connection.execute(f"grant usage, select on all sequences in schema public to {name}")
    await connection.execute(f"revoke insert, update, delete on _yoyo_migration from {name}")
    for rights, tables in TAKEN_BACK.items():
        for table in tables:
            if await connection.fetchval("select to_regclass($1) is not null", table):
                await connection.execute(f"revoke {rights} on {table} from {name}")
    if await connection.fetchval("select to_regclass('audit_event') is not null"):
        # the one thing about an event that is personal, and not sealed
        await connection.execute(f"grant update (actor_name) on audit_event to {name}")
