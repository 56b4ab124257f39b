"""Requests a second for jobs, workflows and experiments, one and a page of 100, with 100,000 jobs in the database.

Against `bare.py`: the same stack with nothing around it, where Postgres builds the whole answer in one statement. For
what it is worth the same is measured against answers that lie ready in a table, which no service can promise.
"""

import asyncio
import datetime as dt
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
from measure import Bound, Options, interleaved, read_options, tell_load, tell_machine, tell_pairs, until_quiet
from seed import seed
from service import bench_folder, end, parts_in, served, until_ready, with_changes
from statements import resources

from touchstone.command_line.http_server import free_port
from touchstone.settings import Settings

FLOOR = Bound("at least", 0.5)
JOBS, FEW_JOBS = 100_000, 2_000
PAGE = 100
CONNECTIONS = 16
READY_PAIRS = 3


class Read(NamedTuple):
    """One request to the service, and the statement that answers the same."""

    name: str
    path: str
    statement: str


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("reads.py")
    if shutil.which("wrk") is None:
        print("wrk is not installed (Debian: apt-get install wrk); nothing is measured")
        return
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, settings):
        assert parts.database_owner_url
        await seed(parts.database_owner_url, FEW_JOBS if options.quick else JOBS)
        async with served(settings, folder, "--no-worker"):
            reads = await _reads(settings)
            await _keep_ready(parts.database_owner_url, settings, reads)
            async with _bare(settings, folder, reads) as bare:
                await _compare_answers(settings.api_url, bare.api_url, reads)
                await until_quiet(options)
                for read in reads:
                    await _measure(options, read, settings.api_url, bare.api_url)
                tell_load("after")


async def _reads(settings: Settings) -> list[Read]:
    found: list[Read] = []
    async with httpx.AsyncClient(base_url=settings.api_url, timeout=60) as http:
        for resource in resources(settings):
            path = f"/api/v1/{resource.name}s/"
            newest = (await http.get(path, params={"limit": 1})).json()["items"][0]["id"]
            found.append(Read(f"get {resource.name}", path + newest, resource.get(newest)))
            found.append(Read(f"list {PAGE} {resource.name}s", path, resource.page(PAGE)))
    return found


async def _keep_ready(owner_url: str, settings: Settings, reads: list[Read]) -> None:
    """The service's own answers in a table, uncompressed."""
    assert settings.database_url
    connection = await asyncpg.connect(owner_url)
    async with httpx.AsyncClient(base_url=settings.api_url, timeout=60) as http:
        await connection.execute("create table ready_answer (path text primary key, body text storage external)")
        await connection.execute("grant select on ready_answer to public")
        for read in reads:
            body = (await http.get(read.path)).text
            await connection.execute("insert into ready_answer values ($1, $2)", read.path, body)
    await connection.close()


@asynccontextmanager
async def _bare(settings: Settings, folder: Path, reads: list[Read]) -> AsyncGenerator[Settings]:
    """`bare.py` with each statement under its path, and the ready answers under `/ready` before it."""
    assert settings.database_url
    bare = with_changes(settings, port=free_port())
    statements = {read.path.rstrip("/"): read.statement for read in reads}
    for read in reads:
        statements[f"/ready{read.path}".rstrip("/")] = f"select body from ready_answer where path = '{read.path}'"
    file = folder / "statements.json"
    file.write_text(json.dumps(statements))
    script = str(Path(__file__).with_name("bare.py"))
    process = subprocess.Popen([sys.executable, script, settings.database_url.reveal(), str(bare.port), str(file)])
    try:
        await until_ready(bare, process)
        yield bare
    finally:
        await end(process)


async def _compare_answers(ours: str, bare: str, reads: list[Read]) -> None:
    """Raises RuntimeError unless both sides say the same."""
    async with httpx.AsyncClient(timeout=60) as http:
        for read in reads:
            here, there = [_comparable((await http.get(url + read.path)).json()) for url in (ours, bare)]
            if here != there:
                raise RuntimeError(f"{read.name}: the yardstick answers something else: {_difference(here, there)}")


def _comparable(value: Any) -> Any:
    """Times as times, signatures left out."""
    if isinstance(value, dict):
        return {name: _comparable(inner) for name, inner in value.items() if name != "artifacts_download_url"}
    if isinstance(value, list):
        return [_comparable(inner) for inner in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*(Z|\+00:00)", value):
        return dt.datetime.fromisoformat(value)
    return value


def _difference(here: Any, there: Any, place: str = "") -> str:
    """The first place where the two differ."""
    if isinstance(here, dict) and isinstance(there, dict) and here.keys() == there.keys():
        inner = ((here[key], there[key], f"{place}.{key}") for key in here)
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        inner = ((one, other, f"{place}[{at}]") for at, (one, other) in enumerate(zip(here, there, strict=True)))
    else:
        return f"{place}: {here!r} and {there!r}"
    return next((_difference(*one) for one in inner if one[0] != one[1]), "nothing")


async def _measure(options: Options, read: Read, ours: str, bare: str) -> None:
    seconds = 1 if options.quick else 3

    def rate(url: str) -> Any:
        return lambda: _requests_a_second(url, seconds)

    built = await interleaved(rate(ours + read.path), rate(bare + read.path), options.pairs)
    tell_pairs(read.name, built, FLOOR, "requests/s")
    fewer = min(options.pairs, READY_PAIRS)
    ready = await interleaved(rate(ours + read.path), rate(f"{bare}/ready{read.path}"), fewer)
    tell_pairs(f"{read.name}, against ready bytes", ready, None, "requests/s")


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
