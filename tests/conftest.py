"""Real parts for the tests: one Postgres a worker, real migrations, tables emptied between tests."""

import contextlib
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import msgspec
import pytest
from cryptography.fernet import Fernet

from tests.fakes.cluster_code import CannedJobs
from tests.fakes.runner import FakeRunner
from touchstone.adapters.local_store import LocalStore
from touchstone.adapters.signed_urls import SignedUrls
from touchstone.app import create_app
from touchstone.assembly import Assembly, assemble
from touchstone.command_line.lifespan import lifespan
from touchstone.database.executor import Database
from touchstone.database.migrate import migrate
from touchstone.embedded.postgres import EmbeddedPostgres, embedded_postgres
from touchstone.embedded.roles import SERVICE
from touchstone.http.logging import configure_logging
from touchstone.setting_values import Secret
from touchstone.settings import Settings

BASE_URL = "http://127.0.0.1:8000"


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    configure_logging("error", json=False)


@pytest.fixture(scope="session")
async def postgres() -> AsyncGenerator[EmbeddedPostgres]:
    """A server of this test process, its database migrated."""
    with tempfile.TemporaryDirectory(prefix="touchstone-tests-") as name:
        directory = Path(name)
        directory.chmod(0o711)  # as root, Postgres runs as somebody else, who must be able to get in
        async with embedded_postgres(directory, durable=False) as server:
            await migrate(server.owner_url, service_role=SERVICE)
            yield server


@pytest.fixture(scope="session")
async def empty_tables(postgres: EmbeddedPostgres) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    """Deletes every row, as the owner; quicker than truncating."""
    connection = await asyncpg.connect(postgres.owner_url)
    names = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
    tables = [row["tablename"] for row in names if not row["tablename"].startswith(("_yoyo", "yoyo"))]
    deletes = "; ".join(f'delete from "{table}"' for table in tables)

    async def empty() -> None:
        await connection.execute(f"begin; set local session_replication_role = replica; {deletes}; commit")

    yield empty
    await connection.close()


@pytest.fixture
async def settings(postgres: EmbeddedPostgres, empty_tables: Callable[[], Awaitable[None]], tmp_path: Path) -> Settings:
    """Of a service on an empty database and an empty folder of objects."""
    await empty_tables()
    return Settings(
        database_url=Secret(postgres.service_url),
        database_owner_url=Secret(postgres.owner_url),
        data_dir=tmp_path,
        secret_keys=(Secret(Fernet.generate_key().decode()),),
        url_signing_keys=(Secret("a signing key for the tests only"),),
        public_url=BASE_URL,
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncGenerator[Database]:
    assert settings.database_url is not None
    opened = Database(settings.database_url.reveal(), size=4)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def store(settings: Settings) -> LocalStore:
    keys = [key.reveal().encode() for key in settings.url_signing_keys]
    return LocalStore(settings.store_folder, SignedUrls(settings.api_url, keys))


@pytest.fixture
def runner(store: LocalStore) -> FakeRunner:
    """Does what the cluster code would, with canned answers; a job's name tells its fate."""
    jobs = CannedJobs(store)
    return FakeRunner(script=jobs.fate, work=jobs.work)


@pytest.fixture
async def parts(settings: Settings, runner: FakeRunner, store: LocalStore) -> AsyncGenerator[Assembly]:
    """What a worker process is made of."""
    assembly = assemble(settings, runner=runner, store=store)
    async with assembly.opened():
        yield assembly


@pytest.fixture
async def client(settings: Settings, runner: FakeRunner, store: LocalStore) -> AsyncGenerator[httpx.AsyncClient]:
    """Speaks to a served app; no worker runs beside it."""
    async with serving(settings, runner, store) as speaking:
        yield speaking


@contextlib.asynccontextmanager
async def serving(
    settings: Settings, runner: FakeRunner | None = None, store: LocalStore | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    app = create_app(settings, runner=runner, store=store)
    async with lifespan(app):
        transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as speaking:
            yield speaking


@pytest.fixture
async def work(parts: Assembly) -> Callable[[], Awaitable[int]]:
    """Turns of a dispatcher until nothing is due; answers how many looks it took."""
    dispatcher = parts.dispatcher()

    async def until_idle() -> int:
        looks = 0
        while True:
            await parts.database.execute("update job set look_at = now() where look_at > now()")
            seen = await dispatcher.turn()
            looks += seen
            if seen == 0 or looks > 500:
                return looks

    return until_idle


def replaced(settings: Settings, **changes: object) -> Settings:
    return msgspec.structs.replace(settings, **changes)
