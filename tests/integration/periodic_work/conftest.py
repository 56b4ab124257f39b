"""Workers that do one thing, and what the tables say of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from touchstone.database.executor import Database
from touchstone.domains.periodic_work.dispatcher import PeriodicDispatcher
from touchstone.domains.periodic_work.model import PeriodicTask, PeriodicWork
from touchstone.domains.periodic_work.repository import PeriodicWorkRepository

PERIODIC_WORK = "/api/v1/periodic-work"
DEADLINE_SECONDS = 20


class Gate:
    """Work that waits until it is let go on; counts how often it began, and how many were at it at once."""

    def __init__(self) -> None:
        self.begun = 0
        self.at_once = 0
        self.most_at_once = 0
        self.is_begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def work(self) -> dict[str, int]:
        self.begun += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.is_begun.set()
        try:
            await self.may_end.wait()
        finally:
            self.at_once -= 1
        return {"begun": self.begun}


@pytest.fixture
def works(database: Database) -> PeriodicWorkRepository:
    return PeriodicWorkRepository(database)


@pytest.fixture
def worker(database: Database) -> Callable[..., PeriodicDispatcher]:
    """A worker that does this work under the name `work`."""

    def make(work: Callable[[], Awaitable[Any]], *, lease_seconds: float = 60, **options: Any) -> PeriodicDispatcher:
        task = PeriodicTask("work", options.pop("every_seconds", 300), work, **options)
        return PeriodicDispatcher(database, [task], lease_seconds=lease_seconds)

    return make


@pytest.fixture
def make_due(database: Database) -> Callable[[], Awaitable[int]]:
    async def make() -> int:
        return await database.execute("update periodic_work set next_at = now()")

    return make


@pytest.fixture
def outlast_leases(database: Database) -> Callable[[], Awaitable[int]]:
    async def outlast() -> int:
        return await database.execute(
            "update periodic_work set leased_until = now() - interval '1 s' where leased_by is not null"
        )

    return outlast


async def seen(works: PeriodicWorkRepository, is_so: Callable[[PeriodicWork], bool]) -> PeriodicWork:
    """The schedule, once it is so."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not is_so(found := await works.get("work")):
            await asyncio.sleep(0.02)
    return found


async def runs_of(client: httpx.AsyncClient, name: str = "work") -> list[dict[str, Any]]:
    answer = await client.get(f"{PERIODIC_WORK}/{name}/runs")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]
