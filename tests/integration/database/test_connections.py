"""Connections are kept at hand, shared fairly, and given up when they are of no use."""

import asyncio

import asyncpg
import pytest

from touchstone.database import connections
from touchstone.database.executor import Database
from touchstone.errors import Unavailable


@pytest.fixture
async def pair(postgres):
    """A database of two connections."""
    database = Database(postgres.service_url, size=2)
    await database.open()
    yield database
    await database.close()


async def test_one_after_another_share_one_connection(pair):
    assert len({await pair.fetch_value("select pg_backend_pid()") for _ in range(5)}) == 1


async def test_many_at_once_wait_for_each_other(pair):
    pids = await asyncio.gather(*(pair.fetch_value("select pg_backend_pid() from pg_sleep(0.01)") for _ in range(20)))
    assert len(set(pids)) == 2


async def test_whoever_waits_longest_is_next_although_others_come_and_go(pair):
    async def hold(release: asyncio.Event) -> None:
        async with pair.transaction():
            await release.wait()

    releases = asyncio.Event(), asyncio.Event()
    holding = [asyncio.create_task(hold(release)) for release in releases]
    while len(pair._connections._pool._holders) - pair._connections._pool._queue.qsize() < 2:
        await asyncio.sleep(0.001)
    waiting = asyncio.create_task(pair.fetch_value("select 1"))
    await asyncio.sleep(0)
    releases[0].set()
    later = [asyncio.create_task(pair.fetch_value("select 2")) for _ in range(5)]
    assert await asyncio.wait_for(waiting, 5) == 1
    releases[1].set()
    await asyncio.gather(*holding, *later)


async def test_after_a_failed_statement_the_connection_still_serves(pair):
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await pair.fetch_value("select from from")
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with pair.transaction() as transaction:
            await transaction.fetch_value("select 1 / 0")
    assert await pair.fetch_value("select 1") == 1


async def test_one_that_the_server_ended_is_not_handed_out_again(pair, postgres):
    pid = await pair.fetch_value("select pg_backend_pid()")
    other = await asyncpg.connect(postgres.service_url)
    await other.fetchval("select pg_terminate_backend($1)", pid)
    while connections._is_alive(pair._connections._at_hand[0][0]):
        await asyncio.sleep(0.001)
    assert await pair.fetch_value("select pg_backend_pid()") != pid
    await other.close()


async def test_one_that_nobody_needs_is_closed(postgres, monkeypatch):
    monkeypatch.setattr(connections, "UNUSED_SECONDS", 0.05)
    database = Database(postgres.service_url, size=2)
    await database.open()
    other = await asyncpg.connect(postgres.service_url)
    pid = await database.fetch_value("select pg_backend_pid()")
    async with asyncio.timeout(10):
        while await other.fetchval("select exists (select from pg_stat_activity where pid = $1)", pid):
            await asyncio.sleep(0.01)
    assert await database.fetch_value("select 1") == 1
    await other.close()
    await database.close()


async def test_a_closed_database_hands_out_none(postgres):
    database = Database(postgres.service_url, size=2)
    await database.open()
    await database.check()
    await database.close()
    with pytest.raises(Unavailable):
        await database.check()
