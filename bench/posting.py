"""POST of 200 results, rules applied, against a bare asyncpg program that inserts the same rows into the same tables.

Both sides write to executions of their own that have no results yet, their test cases being there. The second part
posts with 1,000 enabled rules and with none.
"""

import asyncio
import http.client
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import asyncpg
import msgspec
from measure import Bound, Options, interleaved, read_options, tell_load, tell_machine, tell_pairs, until_quiet
from service import bench_folder, parts_in, served, with_changes

from touchstone.settings import Settings

AT_MOST_BARE = Bound("at most", 3.0)
AT_MOST_WITHOUT_RULES = Bound("at most", 2.0)
RESULTS, FEW_RULES, MANY_RULES = 200, 100, 1000
LOG = "systemd[1]: Started the thing under test and saw what it did.\n" * 8
# each measurement is the mean of so many postings
POSTINGS = 10


class Side(NamedTuple):
    owner: "asyncpg.Connection[asyncpg.Record]"
    bare: "asyncpg.Connection[asyncpg.Record]"
    settings: Settings


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("posting.py")
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, found):
        assert parts.database_owner_url and found.database_url
        settings = with_changes(found, ignore_permissions=("change_test",))
        owner = await asyncpg.connect(parts.database_owner_url)
        bare = await asyncpg.connect(found.database_url.reveal())
        await _prepare(owner)
        async with served(settings, folder, "--no-worker"):
            await until_quiet(options)
            await _measure(options, Side(owner, bare, settings))
            tell_load("after")
        await owner.close()
        await bare.close()


async def _measure(options: Options, side: Side) -> None:
    post = _poster(side)
    for _ in range(3):
        await post()
    for rules in (FEW_RULES, MANY_RULES):
        await _set_rules(side.owner, rules)
        pairs = await interleaved(post, lambda: _insert(side), options.pairs)
        tell_pairs(f"{RESULTS} results with {rules} rules, bare", pairs, AT_MOST_BARE, "ms")

    async def with_rules() -> float:
        await _set_rules(side.owner, MANY_RULES)
        return await post()

    async def without() -> float:
        await _set_rules(side.owner, 0)
        return await post()

    pairs = await interleaved(with_rules, without, options.pairs)
    tell_pairs(f"{MANY_RULES} rules, none", pairs, AT_MOST_WITHOUT_RULES, "ms")
    await _set_rules(side.owner, FEW_RULES)
    pairs = await interleaved(_again(side), lambda: _insert(side), options.pairs)
    tell_pairs("the same results once more, bare", pairs, None, "ms")


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


def _poster(side: Side) -> Callable[[], Awaitable[float]]:
    """Milliseconds of one posting to an execution without results, over a connection that stays open."""
    body = msgspec.json.encode(_results())
    connection = http.client.HTTPConnection(side.settings.host, side.settings.port)

    async def post() -> float:
        executions = await _executions(side.owner, POSTINGS)
        return await asyncio.to_thread(_post_all, connection, executions, body)

    return post


def _again(side: Side) -> Callable[[], Awaitable[float]]:
    """The same to one execution over and over: each posting replaces all results."""
    body = msgspec.json.encode(_results())
    connection = http.client.HTTPConnection(side.settings.host, side.settings.port)

    async def post() -> float:
        (execution,) = await _executions(side.owner, 1)
        await asyncio.to_thread(_post_all, connection, [execution], body)
        return await asyncio.to_thread(_post_all, connection, [execution] * POSTINGS, body)

    return post


def _post_all(connection: http.client.HTTPConnection, executions: list[int], body: bytes) -> float:
    start = time.perf_counter()
    for execution in executions:
        path = f"/api/v1/test-executions/{execution}/test-results"
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if (answer.status, answer.read()) != (200, b"null"):
            raise RuntimeError(f"posting answered {answer.status}")
    return (time.perf_counter() - start) / len(executions) * 1000


async def _insert(side: Side) -> float:
    """Milliseconds of the bare program: one transaction, one insert for each of the two tables."""
    results = _results()
    names = [one["name"] for one in results]
    found = dict(await side.bare.fetch("select name, id from test_case where name = any ($1)", names))
    cases = [found[name] for name in names]
    statuses, comments = [one["status"] for one in results], [one["comment"] for one in results]
    logs = [one["io_log"] for one in results]
    executions = await _executions(side.owner, POSTINGS)
    start = time.perf_counter()
    for execution in executions:
        async with side.bare.transaction():
            ids = await side.bare.fetch(INSERT, execution, cases, statuses, comments)
            await side.bare.execute(INSERT_LOGS, [row["id"] for row in ids], logs)
    return (time.perf_counter() - start) / POSTINGS * 1000


INSERT = """
    insert into test_result (test_execution_id, test_case_id, status, comment)
    select $1, test_case_id, status, comment
    from unnest($2::integer[], $3::text[], $4::text[]) as given (test_case_id, status, comment) returning id
"""
INSERT_LOGS = """
    insert into test_result_log (test_result_id, io_log) select id, io_log from unnest($1::bigint[], $2::text[])
        as given (id, io_log)
"""


async def _executions(owner: "asyncpg.Connection[asyncpg.Record]", count: int) -> list[int]:
    rows = await owner.fetch(
        """
        insert into test_execution (artefact_build_id, environment_id, test_plan_id)
        select build.id, environment.id, test_plan.id from artefact_build as build, environment, test_plan,
            generate_series(1, $1::integer) returning id
        """,
        count,
    )
    return [row["id"] for row in rows]


async def _prepare(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    await owner.execute(
        """
        insert into artefact (family, name, version, stage, track, store)
        values ('snap', 'core', '1', 'beta', 'latest', 'ubuntu');
        insert into artefact_build (artefact_id, architecture, revision) select id, 'amd64', 1 from artefact;
        insert into environment (name, architecture) values ('laptop', 'amd64');
        insert into test_plan (name) values ('certification');
        insert into issue (source, project, key) select 'github', 'a/b', number from generate_series(1, 1000) as number;
        """
    )


async def _set_rules(owner: "asyncpg.Connection[asyncpg.Record]", enabled: int) -> None:
    """So many enabled rules, as people make them: half of them for other artefacts or environments, the rest for some
    of the test cases, templates or statuses; about every twentieth attaches something."""
    await owner.execute("delete from issue_attachment; delete from attachment_rule")
    await owner.execute(RULES, enabled)
    await owner.execute("analyze attachment_rule")


RULES = """
    insert into attachment_rule (issue_id, families, artefacts, environment_names, test_case_names, template_ids,
        test_result_statuses)
    select issue.id,
        case when number % 3 = 0 then '{snap}' else '{}' end::text[],
        case when number % 4 = 0 then '{other}' else '{}' end::text[],
        case when number % 4 = 1 then '{phone,desktop}' else '{}' end::text[],
        case when number % 5 < 4 then array['com.canonical.certification::case-' || number * 7] else '{}' end,
        case when number % 5 = 4 then array['template-' || number % 200] else '{}' end,
        '{FAILED}'
    from generate_series(1, $1::integer) as number join issue on issue.key = number::text
"""


if __name__ == "__main__":
    asyncio.run(main())
