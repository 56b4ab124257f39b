"""`test_result` as it is, against the same rows in partitions by month: insert, read, and the oldest month going.

The partitioned table has the same columns, indexes and foreign keys, as far as Postgres lets it: its keys hold the
partition's column, so what refers to a result must hold it, too. Rows go from the plain table as the worker deletes
them, and from the other by dropping a partition.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import asyncpg
from measure import FEWEST_PAIRS, interleaved, tell_load, tell_machine, tell_pairs
from service import bench_folder, parts_in

from touchstone.database.executor import Database
from touchstone.domains.keeping.model import KeepingRule
from touchstone.domains.test_executions.retention_repository import ExecutionRetentionRepository, Place

Connection = asyncpg.Connection

MONTHS, RESULTS = 12, 200
LOOKED_AT, RESULTS_AT_ONCE = 1000, 10_000
CASES, ENVIRONMENTS, PLANS, BUILDS = 1000, 20, 5, 100
INDEXES = {
    "execution": "(test_execution_id, test_case_id, id)",
    "case": "(test_case_id, created_at desc, id desc, status)",
    "newest": "(created_at desc, id desc, status)",
    "of_execution_newest": "(test_execution_id, created_at desc, id desc, status)",
    "unsuccessful": "(test_execution_id) where status <> 'PASSED'",
}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=10_000_000, help="rows in each of the two tables")
    executions = parser.parse_args().results // RESULTS
    tell_machine("result_layout.py")
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, _):
        assert parts.database_owner_url
        connection = await asyncpg.connect(parts.database_owner_url, command_timeout=7200)
        database = Database(parts.database_owner_url, size=1)
        await database.open()
        await _timed("seeded", lambda: _seed(connection, executions))
        await _timed("partitioned", lambda: _partition(connection))
        await _tell_sizes(connection, executions)
        tell_load("before")
        await _insert(connection)
        await _read(connection, executions)
        await _go(connection, database)
        tell_load("after")
        await database.close()
        await connection.close()


async def _timed(name: str, work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    seconds = time.perf_counter() - began
    print(f"{name}: {seconds:,.2f} s", flush=True)
    return seconds


async def _seed(connection: Connection, executions: int) -> None:
    """Loaded without indexes and triggers, which are there afterwards; every twentieth result has printed something."""
    await connection.execute("set session_replication_role = replica")
    dropped = await connection.fetch(
        """
        select indexdef, indexname from pg_indexes
        where tablename = 'test_result' and indexname not like '%_pkey'
        """
    )
    for row in dropped:
        await connection.execute(f"drop index {row['indexname']}")
    await connection.execute(SEED.replace(":executions", str(executions)))
    for row in dropped:
        await connection.execute(row["indexdef"])
    await connection.execute("set session_replication_role = origin")
    await connection.execute("vacuum analyze test_execution")
    await connection.execute("vacuum analyze test_result")


SEED = f"""
    insert into artefact (family, name, version, stage, track, store)
    select 'snap', 'core-' || n, '1', 'beta', 'latest', 'ubuntu' from generate_series(1, {BUILDS}) as n;
    insert into artefact_build (artefact_id, architecture, revision) select id, 'amd64', 1 from artefact;
    insert into environment (name, architecture)
    select 'laptop-' || n, 'amd64' from generate_series(1, {ENVIRONMENTS}) as n;
    insert into test_plan (name) select 'plan-' || n from generate_series(1, {PLANS}) as n;
    insert into test_case (name) select 'case-' || n from generate_series(1, {CASES}) as n;
    insert into test_execution (artefact_build_id, environment_id, test_plan_id, status, passed_count, failed_count,
        created_at, updated_at, seen_at)
    select 1 + n % {BUILDS}, 1 + n / {BUILDS} % {ENVIRONMENTS}, 1 + n / {BUILDS} / {ENVIRONMENTS} % {PLANS}, 'FAILED',
        {RESULTS} * 9 / 10, {RESULTS} / 10, at, at, at
    from generate_series(0, :executions - 1) as n
    cross join lateral (
        select since + n::float8 / :executions * (until - since) as at
        from (values (date_trunc('month', now()) - interval '{MONTHS} months', date_trunc('month', now())))
            as year (since, until)
    ) as given;
    insert into test_result (test_execution_id, test_case_id, status, created_at)
    select execution.id, 1 + (execution.id * 7 + n) % {CASES}, case when n % 10 = 0 then 'FAILED' else 'PASSED' end,
        execution.created_at
    from test_execution as execution cross join generate_series(0, {RESULTS} - 1) as n order by execution.id, n;
    insert into test_result_log (test_result_id, io_log)
    select id, repeat(md5(id::text) || E' started\\n', 12) from test_result where id % 20 = 0;
"""


async def _partition(connection: Connection) -> None:
    await connection.execute(
        """
        create table by_month (
            id bigint generated always as identity,
            test_execution_id integer not null references test_execution on delete cascade,
            test_case_id integer not null references test_case on delete restrict,
            status text not null check (status in ('PASSED', 'FAILED', 'SKIPPED')),
            created_at timestamptz not null default now(),
            comment text not null default '',
            primary key (id, created_at)
        ) partition by range (created_at)
        """
    )
    for month in range(MONTHS + 1):
        start, end = (f"date_trunc('month', now()) - interval '{MONTHS - month - more} months'" for more in (0, 1))
        bounds = await connection.fetchrow(f"select ({start})::text, ({end})::text")
        await connection.execute(
            f"create table by_month_{month} partition of by_month for values from ('{bounds[0]}') to ('{bounds[1]}')"
        )
    await connection.execute("set session_replication_role = replica")
    await connection.execute(
        """
        insert into by_month overriding system value
        select id, test_execution_id, test_case_id, status, created_at, comment from test_result order by id;
        select setval(pg_get_serial_sequence('by_month', 'id'), (select max(id) from by_month));
        """
    )
    for name, columns in INDEXES.items():
        await connection.execute(f"create index by_month_{name}_idx on by_month {columns}")
    await connection.execute("set session_replication_role = origin")
    await connection.execute("vacuum analyze by_month")


async def _tell_sizes(connection: Connection, executions: int) -> None:
    rows = executions * RESULTS
    sizes = await connection.fetchrow(
        """
        select pg_table_size('test_result') as rows, pg_indexes_size('test_result') as indexes,
            pg_total_relation_size('test_result_log') as logs, pg_total_relation_size('test_execution') as executions,
            (select count(*) from test_result_log) as logged
        """
    )
    print(f"{rows:,} results: {sizes['rows'] / rows:.0f} bytes of row and {sizes['indexes'] / rows:.0f} of index each;")
    print(f"  {sizes['logs'] / sizes['logged']:.0f} a log of 492, {sizes['executions'] / executions:.0f} an execution")


async def _insert(connection: Connection) -> None:
    async def into(table: str) -> float:
        execution = await connection.fetchval("select max(id) from test_execution")
        cases = random.sample(range(1, CASES + 1), RESULTS)
        statement = (
            f"insert into {table} (test_execution_id, test_case_id, status) select $1, unnest($2::int[]), 'PASSED'"
        )
        began = time.perf_counter()
        for _ in range(20):
            await connection.execute(statement, execution, cases)
        return (time.perf_counter() - began) / 20 * 1000

    # the counts of executions are kept for the plain table alone, which would be no fair comparison
    await connection.execute("alter table test_result disable trigger result_counts_grow")
    pairs = await interleaved(lambda: into("by_month"), lambda: into("test_result"), FEWEST_PAIRS)
    await connection.execute("alter table test_result enable trigger result_counts_grow")
    tell_pairs(f"insert of {RESULTS}: months, plain", pairs, None, "ms")


async def _read(connection: Connection, executions: int) -> None:
    reads = {
        "results of an execution": (
            "select id, status from {} where test_execution_id = $1 order by id",
            lambda: random.randint(1, executions),
        ),
        "newest 50 of a test case": (
            "select id, status from {} where test_case_id = $1 order by created_at desc, id desc limit 50",
            lambda: random.randint(1, CASES),
        ),
        "one result by its id": (
            "select status from {} where id = $1",
            lambda: random.randint(1, executions * RESULTS),
        ),
        "newest 50": ("select id, status from {} where $1 > 0 order by created_at desc, id desc limit 50", lambda: 1),
    }
    for name, (statement, value) in reads.items():

        async def measured(table: str, statement: str = statement, value: Callable[[], int] = value) -> float:
            prepared = await connection.prepare(statement.format(table))
            began = time.perf_counter()
            for _ in range(200):
                await prepared.fetch(value())
            return (time.perf_counter() - began) / 200 * 1000

        pairs = await interleaved(lambda: measured("by_month"), lambda: measured("test_result"), FEWEST_PAIRS)
        tell_pairs(f"{name}: months, plain", pairs, None, "ms")


async def _go(connection: Connection, database: Database) -> None:
    """The oldest month: what a worker does, and what the drop of a partition does."""
    days = await connection.fetchval(
        f"select extract(epoch from now() - (date_trunc('month', now()) - interval '{MONTHS - 1} months'))::int / 86400"
    )
    rules = [KeepingRule(kept_days=days, keeps_newest=False)]
    wal = "select pg_current_wal_insert_lsn()::text"
    before, rows, batches, place = await connection.fetchval(wal), 0, list[float](), None
    await connection.execute("alter table by_month detach partition by_month_0")  # else its rows would go along
    while True:
        began = time.perf_counter()
        async with database.transaction() as transaction:
            page = await ExecutionRetentionRepository(transaction).delete_old(
                rules, place, looked_at=LOOKED_AT, results=RESULTS_AT_ONCE
            )
        batches.append(time.perf_counter() - began)
        rows, place = rows + page.results, page.last
        if not isinstance(place, Place):
            break
    written = await connection.fetchval(f"select pg_wal_lsn_diff(({wal})::pg_lsn, $1::text::pg_lsn)::bigint", before)
    print(
        f"deleted {rows:,} results in {len(batches)} transactions: {sum(batches):.1f} s, "
        f"{rows / sum(batches):,.0f} results/s, at most {max(batches):.2f} s, {written / rows:.0f} bytes of WAL a row"
    )
    await _timed("vacuum afterwards", lambda: connection.execute("vacuum (analyze) test_result"))
    await _timed("drop of the month's partition", lambda: connection.execute("drop table by_month_0"))


if __name__ == "__main__":
    asyncio.run(main())
