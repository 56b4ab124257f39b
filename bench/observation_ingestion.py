"""Sustained ingestion: start-test, POST of 200 results, PATCH to COMPLETED, by 4 clients at once, without a pause.

Against a bare asyncpg program: 4 connections that write the same rows of executions, results, logs, audit and outbox
in three transactions of as few statements as there are tables. Load generator, service and Postgres share the cores.
The promise is absolute, so its figure counts on a quiet machine alone; the ratio holds on a busy one, too.
"""

import asyncio
import http.client
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import asyncpg
import msgspec
from measure import Bound, Options, interleaved, read_options, spread_of, tell, tell_load, tell_machine, until_quiet
from service import bench_folder, parts_in, served, with_changes

from touchstone.settings import Settings

AT_LEAST = Bound("at least", 5000, "results/s")
CLIENTS, RESULTS, ENVIRONMENTS = 4, 200, 20
# one measurement is over in a second or two; checkpoints and the growth of indexes show in a minute
LONGER = 50
JSON = {"Content-Type": "application/json"}
LOG = "systemd[1]: Started the thing under test and saw what it did.\n" * 8


class Side(NamedTuple):
    settings: Settings
    pool: "asyncpg.Pool[asyncpg.Record]"
    executions: int
    """Of each client in each measurement."""


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("observation_ingestion.py")
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, found):
        assert parts.database_owner_url
        settings = with_changes(found, ignore_permissions=("change_test",))
        async with asyncpg.create_pool(parts.database_owner_url, min_size=CLIENTS, max_size=CLIENTS) as pool:
            async with served(settings, folder, "--no-worker"):
                await until_quiet(options)
                await _measure(options, Side(settings, pool, 3 if options.quick else 25))
                tell_load("after")


async def _measure(options: Options, side: Side) -> None:
    await _through_the_service(side)
    await _bare(side)
    pairs = await interleaved(lambda: _through_the_service(side), lambda: _bare(side), options.pairs)
    tell("through the API, bare: ratio", [pair.ratio for pair in pairs])
    tell("through the API", [pair.candidate for pair in pairs], AT_LEAST, "results/s")
    tell("bare", [pair.baseline for pair in pairs], unit="results/s")
    rate = spread_of([pair.candidate for pair in pairs]).median / RESULTS
    print(f"  that is {rate:.1f} executions of {RESULTS} results a second, {3 * rate:.0f} requests a second")
    longer = side._replace(executions=side.executions * LONGER)
    tell(f"{LONGER} times as long, once", [await _through_the_service(longer)], AT_LEAST, "results/s")


def _results() -> list[dict[str, Any]]:
    return [
        {
            "name": f"com.canonical.certification::case-{number}",
            "template_id": f"template-{number % 20}",
            "category": "certification",
            "status": "FAILED" if number % 10 == 0 else "SKIPPED" if number % 10 == 1 else "PASSED",
            "comment": "It did not come up again" if number % 10 == 0 else "",
            "io_log": f"case {number}\n{LOG}",
        }
        for number in range(RESULTS)
    ]


def _starts(client: int, count: int) -> Iterator[bytes]:
    """Of one build in several environments, each with a CI link of its own."""
    for number in range(count):
        yield msgspec.json.encode(
            {
                "family": "snap",
                "name": f"core-{client}",
                "version": "1",
                "revision": 1,
                "track": "latest",
                "store": "ubuntu",
                "arch": "amd64",
                "execution_stage": "beta",
                "environment": f"laptop-{number % ENVIRONMENTS}",
                "test_plan": "certification",
                "ci_link": f"https://ci.example.org/{uuid.uuid4()}",
            }
        )


async def _through_the_service(side: Side) -> float:
    """Results a second. The clients are threads that do little beside waiting: bodies are encoded beforehand."""
    body = msgspec.json.encode(_results())
    starts = [list(_starts(client, side.executions)) for client in range(CLIENTS)]
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(CLIENTS) as threads:
        began = time.perf_counter()
        await asyncio.gather(*(loop.run_in_executor(threads, _client, side, mine, body) for mine in starts))
        return CLIENTS * side.executions * RESULTS / (time.perf_counter() - began)


def _client(side: Side, starts: list[bytes], body: bytes) -> None:
    connection = http.client.HTTPConnection(side.settings.host, side.settings.port)
    executions, patch = "/api/v1/test-executions", msgspec.json.encode({"status": "COMPLETED"})
    for start in starts:
        execution = msgspec.json.decode(_called(connection, "PUT", f"{executions}/start-test", start))["id"]
        _called(connection, "POST", f"{executions}/{execution}/test-results", body)
        _called(connection, "PATCH", f"{executions}/{execution}", patch)
    connection.close()


def _called(connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> bytes:
    connection.request(method, path, body, JSON)
    answer = connection.getresponse()
    read = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path} answered {answer.status}: {read[:500]!r}")
    return read


async def _bare(side: Side) -> float:
    """Results a second of the bare program; artefacts, environments and test cases are there."""
    results = _results()
    began = time.perf_counter()
    await asyncio.gather(*(_bare_client(side, results) for _ in range(CLIENTS)))
    return CLIENTS * side.executions * RESULTS / (time.perf_counter() - began)


async def _bare_client(side: Side, results: list[dict[str, Any]]) -> None:
    async with side.pool.acquire() as connection:
        names = [one["name"] for one in results]
        found = dict(await connection.fetch("select name, id from test_case where name = any ($1)", names))
        columns = [[found[name] for name in names], *([one[key] for one in results] for key in ("status", "comment"))]
        logs = [one["io_log"] for one in results]
        for _ in range(side.executions):
            link = f"https://ci.example.org/{uuid.uuid4()}"
            async with connection.transaction():
                execution = await connection.fetchval(START, link)
                await connection.execute(TOLD, "start_test", "execution.started", execution)
            async with connection.transaction():
                rows = await connection.fetch(INSERT, execution, *columns)
                await connection.execute(INSERT_LOGS, [row["id"] for row in rows], logs)
                await connection.execute(TOLD, "post_results", "execution.results", execution)
            async with connection.transaction():
                await connection.execute(END, execution)
                await connection.execute(TOLD, "patch_test_execution", "execution.ended", execution)


START = """
    insert into test_execution (artefact_build_id, environment_id, test_plan_id, ci_link)
    select build.id, environment.id, test_plan.id, $1 from artefact_build as build, environment, test_plan
    order by build.id, environment.id limit 1 returning id
"""
TOLD = """
    with event as (
        insert into audit_event (actor, credential, action, subject, after)
        values ('anonymous', 'none', $1, 'test_execution:' || $3::integer, jsonb_build_object('id', $3::integer))
    )
    insert into outbox (event, subject, payload)
    values ($2, 'test_execution:' || $3::integer, jsonb_build_object('id', $3::integer))
"""
INSERT = """
    insert into test_result (test_execution_id, test_case_id, status, comment)
    select $1, test_case_id, status, comment
    from unnest($2::integer[], $3::text[], $4::text[]) as given (test_case_id, status, comment) returning id
"""
INSERT_LOGS = """
    insert into test_result_log (test_result_id, io_log) select id, io_log from unnest($1::bigint[], $2::text[])
        as given (id, io_log)
"""
END = "update test_execution set status = 'FAILED', edition = edition + 1, updated_at = now() where id = $1"


if __name__ == "__main__":
    asyncio.run(main())
