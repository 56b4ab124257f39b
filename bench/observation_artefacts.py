"""Requests a second for `GET /artefacts?family=snap`: 500 artefacts of 3 builds in 10 environments each.

Against `bare.py`: the same stack with nothing around it, where Postgres builds the same JSON in one statement written
for snaps alone. Then the same with nine older versions of each artefact that nobody archived, and `GET …/{id}/builds`
of one artefact with its 30 executions.
"""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from measure import Bound, Options, interleaved, read_options, tell_load, tell_machine, tell_pairs, until_quiet
from service import bench_folder, end, parts_in, served, until_ready, with_changes

from touchstone.command_line.http_server import free_port
from touchstone.domains.shapes.artefacts import ARTEFACT_JSON, ARTEFACT_SOURCES, LATEST_BUILDS
from touchstone.domains.shapes.executions import EXECUTION_JSON, EXECUTION_SOURCES
from touchstone.settings import Settings

FLOOR = Bound("at least", 0.5)
ARTEFACTS, FEW_ARTEFACTS, OLDER_VERSIONS = 500, 50, 9
CONNECTIONS = 4
LISTING = "/api/v1/artefacts?family=snap"
BUILDS = "/api/v1/artefacts/1/builds"

SEED = """
    insert into app_user (email, name)
    select 'reviewer-' || number || '@example.test', 'Reviewer ' || number from generate_series(1, 20) as number;
    insert into environment (name, architecture)
    select 'environment-' || number, architecture
    from generate_series(1, 10) as number, unnest('{amd64,arm64,riscv64}'::text[]) as architecture;
    insert into test_plan (name) values ('certification');
    insert into artefact (family, name, version, stage, track, store)
    select 'snap', 'snap-' || number, '1.' || number, 'beta', 'latest', 'ubuntu' from generate_series(1, $1) as number;
    insert into artefact_reviewer (artefact_id, user_id) select id, id % 20 + 1 from artefact;
    insert into artefact_build (artefact_id, architecture, revision)
    select id, architecture, id from artefact, unnest('{amd64,arm64,riscv64}'::text[]) as architecture;
    insert into environment_review (artefact_build_id, environment_id, review_decision)
    select artefact_build.id, environment.id,
        case when environment.id % 2 = 0 then '{APPROVED_ALL_TESTS_PASS}'::text[] else '{}' end
    from artefact_build join environment using (architecture);
    insert into test_execution (artefact_build_id, environment_id, test_plan_id, status)
    select artefact_build_id, environment_id, 1, 'PASSED' from environment_review
"""
OLDER = """
    insert into artefact (family, name, version, stage, track, store, created_at)
    select family, name, version || '~' || age, stage, track, store, created_at - age * interval '1 day'
    from artefact, generate_series(1, $1) as age
"""

BARE_LISTING = (
    """
    with ranked as (
        select id, rank() over (partition by stage, name, track, branch order by created_at desc) as age
        from artefact where family = 'snap' and not is_archived
    )
    select json_agg("""
    + ARTEFACT_JSON
    + " order by artefact.name, artefact.created_at, artefact.id)::text from "
    + ARTEFACT_SOURCES
    + " where artefact.id = any (array(select id from ranked where age = 1))"
)
BARE_BUILDS = (
    """
    select json_agg(json_build_object('id', build.id, 'architecture', build.architecture, 'revision', build.revision,
        'test_executions', (select json_agg("""
    + EXECUTION_JSON
    + " order by environment.name, execution.id) from "
    + EXECUTION_SOURCES
    + """ where execution.artefact_build_id = build.id), 'bundled_in', '[]'::json) order by build.architecture)::text
    from artefact join artefact_build as build on build.id in """
    + LATEST_BUILDS
    + " where artefact.id = 1"
)


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("observation_artefacts.py")
    if shutil.which("wrk") is None:
        print("wrk is not installed (Debian: apt-get install wrk); nothing is measured")
        return
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, found):
        assert parts.database_owner_url
        settings = with_changes(found, ignore_permissions=("view_artefact",))
        owner = await asyncpg.connect(parts.database_owner_url)
        await _fill(owner, SEED, FEW_ARTEFACTS if options.quick else ARTEFACTS)
        async with served(settings, folder, "--no-worker"), _bare(settings, folder) as bare:
            await until_quiet(options)
            await _measure(options, "artefacts of a family", LISTING, settings, bare)
            await _measure(options, "builds of an artefact", BUILDS, settings, bare)
            await _fill(owner, OLDER, OLDER_VERSIONS)
            await _measure(options, "artefacts, most of them older", LISTING, settings, bare)
            tell_load("after")
        await owner.close()


async def _fill(owner: "asyncpg.Connection[asyncpg.Record]", script: str, number: int) -> None:
    await owner.execute(script.replace("$1", str(number)))
    await owner.execute("vacuum analyze")


@asynccontextmanager
async def _bare(settings: Settings, folder: Path) -> AsyncGenerator[Settings]:
    assert settings.database_url
    bare = with_changes(settings, port=free_port())
    file = folder / "statements.json"
    file.write_text(json.dumps({LISTING.partition("?")[0]: BARE_LISTING, BUILDS: BARE_BUILDS}))
    script = str(Path(__file__).with_name("bare.py"))
    process = subprocess.Popen([sys.executable, script, settings.database_url.reveal(), str(bare.port), str(file)])
    try:
        await until_ready(bare, process)
        yield bare
    finally:
        await end(process)


async def _measure(options: Options, name: str, path: str, ours: Settings, bare: Settings) -> None:
    await _compare_answers(path, ours.api_url, bare.api_url)
    seconds = 1 if options.quick else 3

    def rate(settings: Settings) -> Any:
        return lambda: _requests_a_second(settings.api_url + path, seconds)

    tell_pairs(name, await interleaved(rate(ours), rate(bare), options.pairs), FLOOR, "requests/s")


async def _compare_answers(path: str, ours: str, bare: str) -> None:
    """Raises RuntimeError unless both sides say the same."""
    async with httpx.AsyncClient(timeout=60) as http:
        here, there = [(await http.get(url + path)).json() for url in (ours, bare)]
        if here != there or not here:
            raise RuntimeError(f"{path}: the yardstick answers something else")


async def _requests_a_second(url: str, seconds: int) -> float:
    command = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}s", "--timeout=30s", url]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    printed, _ = await process.communicate()
    if b"Non-2xx" in printed:
        raise RuntimeError(f"{url} does not answer 200: {printed.decode()}")
    found = re.search(rb"Requests/sec:\s*([\d.]+)", printed)
    if found is None:
        raise RuntimeError(f"wrk said nothing of use: {printed.decode()}")
    return float(found[1])


if __name__ == "__main__":
    asyncio.run(main())
