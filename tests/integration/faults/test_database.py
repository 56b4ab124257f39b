"""Postgres goes away in every way it can: requests are refused by its name, and everything goes on when it is back."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from tests.builders import inference, upload
from tests.conftest import replaced, serving
from tests.fakes.fault_proxy import FaultProxy
from tests.fakes.object_store import MemoryStore
from tests.fakes.runner import FakeRunner

from touchstone.assembly import Assembly, assemble
from touchstone.database import executor
from touchstone.database.executor import Database
from touchstone.database.migrate import migrate
from touchstone.embedded.postgres import EmbeddedPostgres, embedded_postgres
from touchstone.embedded.postmaster import find_servers
from touchstone.embedded.roles import SERVICE
from touchstone.errors import Unavailable
from touchstone.setting_values import Secret
from touchstone.settings import Settings

DEADLINE_SECONDS = 30
Condition = Callable[[], Awaitable[bool]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "COMMAND_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr(executor, "ACQUIRE_TIMEOUT_SECONDS", 1.0)


@pytest.fixture
async def proxy(settings: Settings) -> AsyncGenerator[FaultProxy]:
    """Stands between the service and Postgres."""
    assert settings.database_url is not None
    parts = urlsplit(settings.database_url.reveal())
    assert parts.hostname and parts.port
    async with FaultProxy(parts.hostname, parts.port) as standing:
        yield standing


@pytest.fixture
def through_proxy(settings: Settings, proxy: FaultProxy) -> Settings:
    return at_port(settings, proxy.port)


@pytest.fixture
async def client(through_proxy: Settings, runner: FakeRunner, store: MemoryStore) -> AsyncGenerator[httpx.AsyncClient]:
    async with serving(through_proxy, runner, store) as speaking:
        yield speaking


@pytest.fixture
async def worker(through_proxy: Settings, runner: FakeRunner, store: MemoryStore) -> AsyncGenerator[Assembly]:
    """Runs while the test does."""
    async with working(through_proxy, runner, store) as parts:
        yield parts


def at_port(settings: Settings, port: int) -> Settings:
    assert settings.database_url is not None
    parts = urlsplit(settings.database_url.reveal())
    url = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
    return replaced(settings, database_url=Secret(url))


@contextlib.asynccontextmanager
async def working(settings: Settings, runner: FakeRunner, store: MemoryStore) -> AsyncGenerator[Assembly]:
    parts, stop = assemble(settings, runner=runner, store=store), asyncio.Event()
    async with parts.opened():
        running = asyncio.create_task(parts.dispatcher().run(stop))
        try:
            yield parts
        finally:
            stop.set()
            await asyncio.wait_for(running, DEADLINE_SECONDS)


async def until(condition: Condition, what: str) -> None:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not await condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


def answers(client: httpx.AsyncClient, status: int) -> Condition:
    async def ask() -> bool:
        return (await client.get("/api/v1/jobs/")).status_code == status

    return ask


def ended(client: httpx.AsyncClient, job_id: str) -> Condition:
    async def ask() -> bool:
        answer = await client.get(f"/api/v1/jobs/{job_id}")
        return answer.status_code == 200 and answer.json()["status"] == "succeeded"

    return ask


async def submitted(client: httpx.AsyncClient, dataset: str) -> str:
    answer = await client.post("/api/v1/jobs/inference/", json=inference(dataset))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def assert_refused_by_name(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/jobs/")
    assert answer.status_code == 503, answer.text
    assert answer.json()["detail"].startswith("Upstream error with database: ")


async def test_nobody_listens(client: httpx.AsyncClient, proxy: FaultProxy, worker: Assembly) -> None:
    dataset = await upload(client)
    proxy.refuse()
    await assert_refused_by_name(client)
    assert (await client.post("/api/v1/jobs/inference/", json=inference(dataset))).status_code == 503
    assert (await client.get("/api/v1/health/")).status_code == 200
    await proxy.heal()
    await until(ended(client, await submitted(client, dataset)), "a job ends once the database is back")


async def test_nothing_comes_through(client: httpx.AsyncClient, proxy: FaultProxy, worker: Assembly) -> None:
    dataset = await upload(client)
    proxy.blackhole()
    await assert_refused_by_name(client)
    await proxy.heal()
    await until(answers(client, 200), "requests are served again")
    await until(ended(client, await submitted(client, dataset)), "a job ends once the database is back")


async def test_connections_break_in_the_middle_of_statements(
    client: httpx.AsyncClient, proxy: FaultProxy, worker: Assembly
) -> None:
    """Each job that was accepted ends, and nothing but success and 503 is answered."""
    dataset, accepted = await upload(client), list[str]()
    for number in range(60):
        proxy.cut_answers_after(200 + 150 * (number % 20))
        answer = await client.post("/api/v1/jobs/inference/", json=inference(dataset))
        assert answer.status_code in (201, 503), answer.text
        if answer.status_code == 201:
            accepted.append(answer.json()["id"])
    await proxy.heal()
    accepted.append(await submitted(client, dataset))
    for job_id in accepted:
        await until(ended(client, job_id), "an accepted job ends")


async def test_every_session_is_ended(client: httpx.AsyncClient, worker: Assembly, postgres: EmbeddedPostgres) -> None:
    dataset, accepted = await upload(client), list[str]()
    administrator = Database(postgres.service_url, size=1)
    await administrator.open()
    for _ in range(15):
        await administrator.fetch_value(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where usename = current_user and pid <> pg_backend_pid()"
        )
        answer = await client.post("/api/v1/jobs/inference/", json=inference(dataset))
        assert answer.status_code in (201, 503), answer.text
        if answer.status_code == 201:
            accepted.append(answer.json()["id"])
    await administrator.close()
    assert accepted
    for job_id in accepted:
        await until(ended(client, job_id), "an accepted job ends")


async def test_the_hint_of_a_new_job_comes_again_after_the_connection_was_lost(
    client: httpx.AsyncClient, worker: Assembly, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listens() -> bool:
        return await database.fetch_value(
            "select exists (select from pg_stat_activity where query ilike 'listen%job_waiting%')"
        )

    await until(listens, "a worker listens")
    await database.execute("select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%'")
    await until(listens, "a worker listens again")


async def test_a_worker_that_stands_still_in_a_transaction_holds_up_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "STANDSTILL_SECONDS", 1)
    assert settings.database_url is not None
    still, other = (Database(settings.database_url.reveal(), size=1) for _ in range(2))
    await still.open()
    await other.open()
    with pytest.raises(Unavailable):
        async with still.transaction() as transaction:
            await transaction.execute("select pg_advisory_xact_lock(1)")

            async def is_free() -> bool:
                return await other.fetch_value("select pg_try_advisory_xact_lock(1)")

            await until(is_free, "the server ends the transaction")
            await transaction.execute("select 1")
    assert await still.fetch_value("select 1") == 1
    await still.close()
    await other.close()


@pytest.fixture
def directory() -> Iterator[Path]:
    """One that Postgres' account can get to, which is not this user when this is root."""
    with tempfile.TemporaryDirectory(prefix="ts-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "data"


def end_server(directory: Path, number: signal.Signals) -> None:
    """The postmaster ends its sessions by itself, unless it is killed."""
    folder = directory / "postgres"
    postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
    for process in [postmaster, *(find_servers(folder) if number is signal.SIGKILL else [])]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["fast shutdown", "kill"])
async def test_the_server_is_started_anew(
    settings: Settings, runner: FakeRunner, store: MemoryStore, directory: Path, end: signal.Signals
) -> None:
    async with contextlib.AsyncExitStack() as first:
        server = await first.enter_async_context(embedded_postgres(directory))
        await migrate(server.owner_url, service_role=SERVICE)
        here = replaced(settings, database_url=Secret(server.service_url))
        async with serving(here, runner, store) as client, working(here, runner, store):
            dataset = await upload(client)
            before = await submitted(client, dataset)
            end_server(directory, end)
            await until(answers(client, 503), "requests are refused")
            await assert_refused_by_name(client)
            await first.aclose()
            async with embedded_postgres(directory) as again:
                assert again.port == server.port
                await until(ended(client, before), "a job that was accepted before ends")
                await until(ended(client, await submitted(client, dataset)), "a new job ends")
