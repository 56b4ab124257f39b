"""Parts whose faults a test decides."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx
import pytest
from tests.fakes.object_store import MemoryStore
from tests.fakes.runner import FakeRunner
from tests.integration.faults.effects import WatchedDatabase
from tests.integration.faults.world import World

from touchstone.assembly import Assembly
from touchstone.domains.jobs import logs
from touchstone.embedded.postgres import EmbeddedPostgres


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def worker_database(postgres: EmbeddedPostgres) -> AsyncGenerator[WatchedDatabase]:
    opened = WatchedDatabase(postgres.service_url, size=4)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def short_logs_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few hundred characters are moved to the object store."""
    monkeypatch.setattr(logs, "KEPT", 200)


@pytest.fixture
def world(
    parts: Assembly,
    client: httpx.AsyncClient,
    store: MemoryStore,
    runner: FakeRunner,
    worker_database: WatchedDatabase,
    empty_tables: Callable[[], Awaitable[None]],
    short_logs_are_long: None,
) -> World:
    return World(parts, client, store, runner, worker_database, empty_tables)
