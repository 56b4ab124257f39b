"""Rules of issues and attaching in bulk: what 1,000 enabled rules cost a posting, and one call for 100,000 results.

The rules are as people make them: half of them for other artefacts or environments, the rest for some of the test
cases, templates or statuses. In the second measurement every tenth of them has a pattern besides.
"""

import asyncio
import http.client
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import asyncpg
import msgspec
from measure import (
    Bound,
    Measured,
    Options,
    interleaved,
    read_options,
    tell,
    tell_load,
    tell_machine,
    tell_pairs,
    until_quiet,
)
from service import bench_folder, parts_in, served, with_changes

from touchstone.settings import Settings

AT_MOST_WITHOUT_RULES = Bound("at most", 2.0)
ATTACH_SECONDS = Bound("at most", 5.0, "s")
RESULTS, RULES = 200, 1000
# each measurement is the mean of so many postings
POSTINGS = 10
ATTACHED, FEW_ATTACHED = 100_000, 5_000
LOG = "systemd[1]: Started the thing under test and saw what it did.\n" * 8
OPEN = ("change_test", "view_test", "change_issue_attachment", "change_issue_attachment_bulk", "change_attachment_rule")


class Bench(NamedTuple):
    owner: "asyncpg.Connection[asyncpg.Record]"
    settings: Settings


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("triage.py")
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, found):
        assert parts.database_owner_url
        settings = with_changes(found, ignore_permissions=OPEN)
        owner = await asyncpg.connect(parts.database_owner_url)
        await owner.execute(PLACES)
        async with served(settings, folder, "--no-worker"):
            await until_quiet(options)
            bench = Bench(owner, settings)
            await _measure_postings(options, bench)
            await _measure_bulk(options, bench)
            tell_load("after")
        await owner.close()


async def _measure_postings(options: Options, bench: Bench) -> None:
    post = _poster(bench)
    for _ in range(3):
        await post()

    def after(rules: int, patterns: int) -> Measured:
        async def run() -> float:
            await _set_rules(bench.owner, rules, patterns)
            return await post()

        return run

    for name, patterns in (("", 0), (", 100 with patterns", RULES // 10)):
        pairs = await interleaved(after(RULES, patterns), after(0, 0), options.pairs)
        tell_pairs(f"{RESULTS} results, {RULES} rules{name}, none", pairs, AT_MOST_WITHOUT_RULES, "ms")


async def _measure_bulk(options: Options, bench: Bench) -> None:
    count = FEW_ATTACHED if options.quick else ATTACHED
    await _set_rules(bench.owner, 0, 0)
    await bench.owner.execute(BULK, count)
    await bench.owner.execute("vacuum analyze")
    ids = [row["id"] for row in await bench.owner.fetch("select id from test_result where comment = 'bulk'")]
    filters = {"test_results_filters": {"test_cases": ["bulk"]}}
    rule = await bench.owner.fetchval(
        "insert into attachment_rule (issue_id, test_case_names) select id, '{bulk}' from issue limit 1 returning id"
    )
    calls: dict[str, tuple[str, Any]] = {
        "attach by filters": ("attach", filters),
        "attach by ids": ("attach", {"test_results": ids}),
        "apply a rule to the past": (f"attachment-rules/{rule}/apply", {}),
    }
    for name, (path, body) in calls.items():
        seconds = [await _bulk(bench, path, body, count) for _ in range(options.pairs)]
        tell(f"{name}, {count} results", seconds, ATTACH_SECONDS, "s")
    trial = "attachment-rules?dry_run=true"
    seconds = [await _call(bench, trial, {"test_case_names": ["bulk"]}) for _ in range(options.pairs)]
    tell(f"a trial that matches {count} results", seconds, None, "s")
    await _bulk(bench, "attach", filters, count)
    again = [await _call(bench, "attach", filters) for _ in range(options.pairs)]
    tell("attach again by filters", again, None, "s")
    tell("detach by filters", [await _call(bench, "detach", filters)], None, "s")


async def _bulk(bench: Bench, path: str, body: Any, count: int) -> float:
    await bench.owner.execute("delete from issue_attachment")
    await bench.owner.execute("vacuum issue_attachment")
    seconds = await _call(bench, path, body)
    found = await bench.owner.fetchval("select count(*) from issue_attachment")
    if found != count:
        raise RuntimeError(f"{path} attached {found} results")
    return seconds


async def _call(bench: Bench, path: str, body: Any) -> float:
    """Seconds of one call about the first issue."""
    issue = await bench.owner.fetchval("select min(id) from issue")
    encoded = msgspec.json.encode(body)

    def send() -> float:
        connection = http.client.HTTPConnection(bench.settings.host, bench.settings.port)
        start = time.perf_counter()
        connection.request("POST", f"/api/v1/issues/{issue}/{path}", encoded, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {said[:200]!r}")
        return time.perf_counter() - start

    return await asyncio.to_thread(send)


def _poster(bench: Bench) -> Measured:
    """Milliseconds of one posting to an execution without results, over a connection that stays open."""
    body = msgspec.json.encode([_result(number) for number in range(RESULTS)])
    connection = http.client.HTTPConnection(bench.settings.host, bench.settings.port)

    async def post() -> float:
        rows = await bench.owner.fetch(EXECUTIONS, POSTINGS)
        return await asyncio.to_thread(_sender(connection, body), [row["id"] for row in rows])

    return post


def _sender(connection: http.client.HTTPConnection, body: bytes) -> Callable[[list[int]], float]:
    def send(executions: list[int]) -> float:
        start = time.perf_counter()
        for execution in executions:
            path = f"/api/v1/test-executions/{execution}/test-results"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if (answer.status, answer.read()) != (200, b"null"):
                raise RuntimeError(f"posting answered {answer.status}")
        return (time.perf_counter() - start) / len(executions) * 1000

    return send


def _result(number: int) -> dict[str, Any]:
    return {
        "name": f"case-{number}",
        "template_id": f"template-{number % 20}",
        "status": "FAILED" if number % 10 == 0 else "SKIPPED" if number % 10 == 1 else "PASSED",
        "comment": "It did not come up again" if number % 10 == 0 else "",
        "io_log": f"case {number}\n{LOG}",
    }


async def _set_rules(owner: "asyncpg.Connection[asyncpg.Record]", enabled: int, patterns: int) -> None:
    await owner.execute("delete from issue_attachment; delete from attachment_rule")
    await owner.execute(MADE_RULES, enabled, patterns)
    await owner.execute("analyze attachment_rule")


PLACES = """
    insert into artefact (family, name, version, stage, track, store)
    values ('snap', 'core', '1', 'beta', 'latest', 'ubuntu');
    insert into artefact_build (artefact_id, architecture, revision) select id, 'amd64', 1 from artefact;
    insert into environment (name, architecture) values ('laptop', 'amd64');
    insert into test_plan (name) values ('certification');
    insert into issue (source, project, key) select 'github', 'a/b', number from generate_series(1, 1000) as number;
"""
EXECUTIONS = """
    insert into test_execution (artefact_build_id, environment_id, test_plan_id)
    select build.id, environment.id, test_plan.id from artefact_build as build, environment, test_plan,
        generate_series(1, $1::integer) returning id
"""
# those with patterns name neither cases nor templates, so that their patterns meet all that failed; what a text must
# hold for a pattern to be found is what the service would note
MADE_RULES = """
    insert into attachment_rule (issue_id, families, artefacts, environment_names, test_case_names, template_ids,
        test_result_statuses, comment_pattern, comment_needed, io_log_pattern, io_log_needed)
    select issue.id,
        case when number % 3 = 0 then '{snap}' else '{}' end::text[],
        case when number % 4 = 0 and not has_pattern then '{other}' else '{}' end::text[],
        case when number % 4 = 1 and not has_pattern then '{phone,desktop}' else '{}' end::text[],
        case when number % 5 < 4 and not has_pattern then array['case-' || number * 7] else '{}' end,
        case when number % 5 = 4 and not has_pattern then array['template-' || number % 200] else '{}' end,
        '{FAILED}',
        case when has_pattern and number % 2 = 0 then '(?i)came up again ' || number || '$' end,
        case when has_pattern and number % 2 = 0 then 'came up again ' || number end,
        case when has_pattern and number % 2 = 1 then 'oops: \\d+ in unit[- ]' || number end,
        case when has_pattern and number % 2 = 1 then ' in unit' end
    from generate_series(1, $1::integer) as number join issue on issue.key = number::text
        cross join lateral (select number <= $2::integer as has_pattern) as drawn
"""
BULK = """
    with test as (
        insert into test_case (name) values ('bulk') returning id
    ), made as (
        insert into test_execution (artefact_build_id, environment_id, test_plan_id)
        select build.id, environment.id, test_plan.id from artefact_build as build, environment, test_plan,
            generate_series(1, $1::integer / 100) returning id
    )
    insert into test_result (test_execution_id, test_case_id, status, comment)
    select made.id, test.id, 'FAILED', 'bulk' from made, test, generate_series(1, 100)
"""


if __name__ == "__main__":
    asyncio.run(main())
