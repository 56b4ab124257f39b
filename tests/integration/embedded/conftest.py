"""Data directories that Postgres' account can reach, and processes that use them and get killed."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from touchstone.embedded.postgres import embedded_postgres

HOLDER = Path(__file__).with_name("holder.py")


@pytest.fixture
def directory() -> Iterator[Path]:
    """Not below pytest's own folder: that is closed to others, and as root Postgres runs as another user."""
    root = Path(tempfile.mkdtemp(prefix="ts-", dir="/tmp"))
    root.chmod(0o711)
    yield root / "data"
    shutil.rmtree(root)


class Holder:
    """Another process that runs embedded parts and says what they are."""

    def __init__(self, directory: Path, *parts: str) -> None:
        self.process = subprocess.Popen([sys.executable, HOLDER, directory, *parts], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.database_owner_url = self.process.stdout.readline().strip()
        assert self.database_owner_url, "the other process did not start its parts"

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)


@pytest.fixture
def hold(directory: Path) -> Iterator[Callable[..., Holder]]:
    holders: list[Holder] = []

    def start(*parts: str) -> Holder:
        holders.append(Holder(directory, *parts))
        return holders[-1]

    yield start
    for holder in holders:
        holder.process.kill()
        holder.process.communicate(timeout=60)


async def until(holds: Callable[[], bool], within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[tuple[str, str]]:
    """The owner's and the service's URL of one server for the tests that only ask who may what."""
    with tempfile.TemporaryDirectory(prefix="ts-", dir="/tmp") as root:
        Path(root).chmod(0o711)
        async with embedded_postgres(Path(root) / "data", durable=False) as postgres:
            yield postgres.owner_url, postgres.service_url
