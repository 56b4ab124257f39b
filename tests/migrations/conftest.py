"""Databases of their own, on the server that the tests share."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import asyncpg
import msgspec
import pytest

from touchstone.command_line.schema import dump_schema
from touchstone.database import migrate as migrations
from touchstone.embedded.postgres import EmbeddedPostgres


class FreshDatabase(msgspec.Struct, frozen=True):
    owner_url: str
    service_url: str
    pg_dump: Path

    async def schema(self) -> str:
        """What pg_dump says of our tables."""
        return await dump_schema(self.owner_url, self.pg_dump)


@pytest.fixture
async def fresh(postgres: EmbeddedPostgres) -> AsyncGenerator[FreshDatabase]:
    """Without any table, and without the privileges that embedded databases give away beforehand."""
    name = f"fresh_{uuid.uuid4().hex}"
    await postgres.create_database(name, template="template0")
    yield FreshDatabase(postgres.owner_url_of(name), postgres.service_url_of(name), postgres.binaries / "pg_dump")
    await postgres.drop_database(name)


Connect = Callable[[str], Awaitable[asyncpg.Connection]]


@pytest.fixture
async def connect() -> AsyncGenerator[Connect]:
    """Opens connections that end with the test."""
    opened: list[asyncpg.Connection] = []

    async def open_one(url: str) -> asyncpg.Connection:
        opened.append(await asyncpg.connect(url, timeout=10))
        return opened[-1]

    yield open_one
    for connection in opened:
        await connection.close(timeout=5)


@pytest.fixture
async def catalog(postgres: EmbeddedPostgres, connect: Connect) -> asyncpg.Connection:
    """Of the database that all migrations were applied to."""
    return await connect(postgres.owner_url)


@pytest.fixture
def know_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int], None]:
    """Makes this release know only its first so many migrations."""
    everything = migrations.migrations_directory()

    def know(count: int) -> None:
        names = {file.name for file in everything.glob("*.sql")}
        kept = {name for name in names if int(name[:4]) <= count}
        for file in tmp_path.glob("*.sql"):
            file.unlink()
        for name in kept:
            (tmp_path / name).write_bytes((everything / name).read_bytes())
        monkeypatch.setattr(migrations, "migrations_directory", lambda: tmp_path)

    return know
