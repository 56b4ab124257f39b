from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.object_store.harness import Harness, served
from tests.fakes.object_store import MemoryStore

from touchstone.adapters.local_store import LocalStore
from touchstone.adapters.signed_urls import SignedUrls

SIGNING_KEY = b"a signing key only for tests"
STORES = ["memory", "local"]


@pytest.fixture(params=STORES)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    urls = SignedUrls("http://testserver.local", [SIGNING_KEY], expiry_seconds=60)
    store = MemoryStore(urls) if request.param == "memory" else LocalStore(tmp_path / "objects", urls)
    async with served(store, urls, "memory" if request.param == "memory" else "file") as harness:
        yield harness


@pytest.fixture
def store(harness: Harness):
    return harness.store
