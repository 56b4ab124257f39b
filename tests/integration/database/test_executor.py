"""The executor on a real Postgres that goes away, comes back, refuses, and is slow."""

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec
import pytest
from tests.conftest import replaced, serving
from tests.fakes.fault_proxy import FaultProxy

from touchstone.database import executor
from touchstone.database.executor import Database, constraint, touched
from touchstone.errors import Conflict, Unavailable
from touchstone.setting_values import Secret

ANOTHER_S = (
    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename = current_user"
)


class NameTaken(Conflict):
    """The name is taken."""


class Row(msgspec.Struct):
    number: int
    things: list[dict[str, int]]


@pytest.fixture
async def proxy(postgres) -> AsyncGenerator[FaultProxy]:
    parts = urlsplit(postgres.service_url)
    async with FaultProxy(parts.hostname or "127.0.0.1", parts.port or 5432) as between:
        yield between


@pytest.fixture
def proxied_url(postgres, proxy) -> str:
    parts = urlsplit(postgres.service_url)
    place = f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}"
    return urlunsplit(parts._replace(netloc=place))


@pytest.fixture
async def through_proxy(proxied_url) -> AsyncGenerator[Database]:
    opened = Database(proxied_url, size=2)
    await opened.open()
    yield opened
    await opened.close()


async def test_rows_become_structs_json_included(database):
    sql = """select 1 as number, '[{"a": 1}]'::jsonb as things union all select 2, '[]' order by number"""
    assert await database.fetch_all(Row, sql) == [Row(1, [{"a": 1}]), Row(2, [])]
    assert await database.fetch_one(Row, sql) == Row(1, [{"a": 1}])
    assert await database.fetch_one(Row, "select 1 as number, '[]'::json as things where false") is None
    assert await database.fetch_value("select '{\"a\": null}'::jsonb") == {"a": None}


async def test_a_transaction_that_fails_leaves_nothing(database, postgres):
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as transaction:
            await transaction.execute("insert into secret (name, description, value) values ('a', '', '')")
            raise ZeroDivisionError
    assert await database.fetch_value("select count(*) from secret") == 0


async def test_the_count_of_touched_rows_is_answered(database):
    insert = "insert into secret (name, description, value) select n::text, '', '' from generate_series(1, 3) as n"
    assert await database.execute(insert) == 3
    assert await database.execute("delete from secret where name = '1'") == 1
    assert await database.execute("delete from secret where name = '1'") == 0
    assert (touched("INSERT 0 5"), touched("BEGIN"), touched("")) == (5, 0, 0)


async def test_a_named_constraint_becomes_its_failure_and_others_stay_bugs(database):
    insert = "insert into secret (name, description, value) values ($1, '', '')"
    await database.execute(insert, "a")
    with pytest.raises(NameTaken):
        with constraint({"secret_pkey": NameTaken()}):
            await database.execute(insert, "a")
    with pytest.raises(asyncpg.CheckViolationError):
        with constraint({"secret_pkey": NameTaken()}):
            await database.execute(insert, "")


async def test_a_database_that_is_not_opened_is_unavailable(postgres):
    with pytest.raises(Unavailable, match="Upstream error with database"):
        await Database(postgres.service_url).check()


async def test_nobody_there_is_unavailable_until_somebody_is(through_proxy, proxy):
    proxy.refuse()
    for _ in range(3):
        with pytest.raises(Unavailable, match="Upstream error with database"):
            await through_proxy.check()
    await proxy.heal()
    await through_proxy.check()


async def test_a_connection_cut_in_a_statement_is_unavailable_and_the_next_one_works(through_proxy, proxy):
    await through_proxy.check()
    waiting = asyncio.create_task(through_proxy.fetch_value("select pg_sleep(20)"))
    async with asyncio.timeout(10):
        while not await through_proxy.fetch_value(
            "select exists (select from pg_stat_activity where query = 'select pg_sleep(20)' and state = 'active')"
        ):
            await asyncio.sleep(0.01)
    proxy.cut()
    with pytest.raises(Unavailable):
        await waiting
    await through_proxy.check()


async def test_a_commit_whose_connection_breaks_is_unavailable(through_proxy, proxy):
    with pytest.raises(Unavailable):
        async with through_proxy.transaction() as transaction:
            await transaction.fetch_value("select 1")
            proxy.cut()
    await through_proxy.check()


async def test_a_statement_that_takes_too_long_is_unavailable(postgres, monkeypatch):
    monkeypatch.setattr(executor, "COMMAND_TIMEOUT_SECONDS", 0.2)
    slow = Database(postgres.service_url, size=1)
    await slow.open()
    try:
        with pytest.raises(Unavailable, match="TimeoutError"):
            await slow.fetch_value("select pg_sleep(20)")
        await slow.check()
    finally:
        await slow.close()


async def test_a_pool_that_is_used_up_is_unavailable(postgres, monkeypatch):
    monkeypatch.setattr(executor, "ACQUIRE_TIMEOUT_SECONDS", 0.2)
    small = Database(postgres.service_url, size=1)
    await small.open()
    try:
        async with small.transaction():
            with pytest.raises(Unavailable):
                await small.check()
        await small.check()
    finally:
        await small.close()


async def test_the_pool_heals_after_its_connections_were_ended(postgres):
    pool = Database(postgres.service_url, size=3)
    await pool.open()
    try:
        await asyncio.gather(*(pool.fetch_value("select pg_sleep(0.05)") for _ in range(3)))
        other = await asyncpg.connect(postgres.service_url)
        await other.execute(ANOTHER_S)
        await other.close()
        failed = 0
        for _ in range(20):
            try:
                await pool.check()
            except Unavailable:
                failed += 1
        assert failed <= 3, "each connection may fail once"
        await pool.check()
    finally:
        await pool.close()


async def test_a_cancelled_statement_gives_its_connection_back(postgres):
    pool = Database(postgres.service_url, size=1)
    await pool.open()
    try:
        for _ in range(3):
            waiting = asyncio.create_task(pool.fetch_value("select pg_sleep(20)"))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await pool.check()
    finally:
        await pool.close()


async def test_a_notification_sets_the_hint_and_a_lost_connection_ends_the_listening(postgres, database):
    hint = asyncio.Event()
    listening = asyncio.create_task(database.listen("job_waiting", hint))
    async with asyncio.timeout(10):
        while not hint.is_set():
            await database.execute("select pg_notify('job_waiting', '')")
            await asyncio.sleep(0.01)
        other = await asyncpg.connect(postgres.service_url)
        await other.execute(ANOTHER_S)
        await other.close()
        await listening


async def test_the_api_answers_503_while_the_database_is_away_and_recovers(settings, runner, store, proxy, proxied_url):
    away = replaced(settings, database_url=Secret(proxied_url))
    async with serving(away, runner, store) as client:
        assert (await client.get("/api/v1/jobs/")).status_code == 200
        proxy.refuse()
        answer = await client.get("/api/v1/jobs/")
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("Upstream error with database: ")
        assert (await client.get("/api/v1/health/")).status_code == 200
        await proxy.heal()
        assert (await client.get("/api/v1/jobs/")).status_code == 200


async def test_a_service_starts_while_its_database_is_away(settings, runner, store, proxy, proxied_url):
    proxy.refuse()
    async with serving(replaced(settings, database_url=Secret(proxied_url)), runner, store) as client:
        assert (await client.get("/api/v1/jobs/")).status_code == 503
        await proxy.heal()
        assert (await client.get("/api/v1/jobs/")).status_code == 200
