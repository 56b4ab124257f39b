from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from moto.server import ThreadedMotoServer
from tests.contract.object_store.ceph import S3Server, ceph, missing_programs
from tests.contract.object_store.harness import Harness, s3_store, served
from tests.fakes.object_store import MemoryStore

from touchstone.adapters.local_store import LocalStore
from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.s3_store import S3Store
from touchstone.adapters.signed_urls import SignedUrls

SIGNING_KEY = b"a signing key only for tests"
SERVER_FIXTURES = {"moto": "moto_server", "ceph": "ceph_server"}
S3_SERVERS = ["moto"] if missing_programs() else ["moto", "ceph"]
collect_ignore = ["test_s3_signatures.py"] if missing_programs() else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if missing := missing_programs():
        terminalreporter.write_line(f"object stores: S3 ran on moto alone, for want of Ceph ({', '.join(missing)})")


@pytest.fixture(scope="session")
def moto_server() -> Iterator[S3Server]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Server(f"http://{host}:{port}")
    server.stop()


@pytest.fixture(scope="session")
def ceph_server() -> Iterator[S3Server]:
    with ceph() as server:
        yield server


@pytest.fixture(params=S3_SERVERS)
def s3_server(request: pytest.FixtureRequest) -> S3Server:
    return request.getfixturevalue(SERVER_FIXTURES[request.param])


@pytest.fixture(scope="session")
async def open_s3() -> AsyncIterator[Callable[[S3Server], Awaitable[S3Store]]]:
    """One store for each server: opening a client takes a while."""
    stores: dict[S3Server, S3Store] = {}
    async with AsyncExitStack() as stack:

        async def opened(server: S3Server) -> S3Store:
            if server not in stores:
                stores[server] = await stack.enter_async_context(s3_store(server))
            return stores[server]

        yield opened


@asynccontextmanager
async def served_by_itself(store: S3Store) -> AsyncIterator[Harness]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Harness(store, client.get, "s3")
    await store.delete([found.key async for found in store.list("")])


@pytest.fixture(params=["memory", "local", *S3_SERVERS])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> S3Server | None:
    return request.getfixturevalue(SERVER_FIXTURES[kind]) if kind in SERVER_FIXTURES else None


@pytest.fixture
async def harness(kind: str, server: S3Server | None, open_s3: Any, tmp_path: Path) -> AsyncIterator[Harness]:
    urls = SignedUrls("http://here.test", [SIGNING_KEY], expiry_seconds=60)
    if server is not None:
        serving = served_by_itself(await open_s3(server))
    elif kind == "local":
        serving = served(LocalStore(tmp_path / "objects", urls), urls, "file")
    else:
        serving = served(MemoryStore(urls), urls, "memory")
    async with serving as harness:
        yield harness


@pytest.fixture
def store(harness: Harness) -> ObjectStore:
    return harness.store
