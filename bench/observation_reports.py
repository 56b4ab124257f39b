"""The CSV of 1,000,000 results through the API, against COPY of the same rows by a bare asyncpg program.

Twice: against a COPY of the columns as they stand in the tables, and against one of the report's own statement. With
it the memory of the server, and how long the report of one day takes, which is what scripts ask for.
"""

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from measure import (
    Bound,
    Options,
    forget_peak,
    interleaved,
    peak_megabytes,
    read_options,
    resident_megabytes,
    tell,
    tell_load,
    tell_machine,
    tell_pairs,
    until_quiet,
)
from service import bench_folder, parts_in, served, with_changes

from touchstone.domains.reports.model import EARLIEST
from touchstone.domains.reports.repository import _RESULTS  # pyright: ignore[reportPrivateUsage]
from touchstone.settings import Settings

FLOOR = Bound("at least", 0.5)
FLAT = Bound("at most", 32, "MB")
# a tenth of them are of models, which are told to who asks for them
EXECUTIONS, FEW_EXECUTIONS = 5_560, 100
FAMILIES = ["snap", "deb", "charm", "image", "solution"]
PATH = "/api/v1/reports/test-results"
PLAIN = """
    select artefact.family, artefact.id, artefact.name, artefact.version, artefact.status, artefact.track,
        artefact.stage, artefact.series, artefact.repo, artefact.os, artefact.series, artefact.created_at,
        execution.id, execution.status, execution.c3_link, execution.checkbox_version, test_plan.name,
        environment.name, environment.architecture, test_case.template_id, test_case.name, test_case.category,
        result.status, result.created_at
    from test_result as result
        join test_case on test_case.id = result.test_case_id
        join test_execution as execution on execution.id = result.test_execution_id
        join artefact_build as build on build.id = execution.artefact_build_id
        join artefact on artefact.id = build.artefact_id
        join environment on environment.id = execution.environment_id
        join test_plan on test_plan.id = execution.test_plan_id
    where artefact.created_at >= $1 and artefact.family = any($2::text[])
"""


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("observation_reports.py")
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, settings):
        assert parts.database_owner_url
        await _seed(parts.database_owner_url, FEW_EXECUTIONS if options.quick else EXECUTIONS)
        open_settings = with_changes(settings, ignore_permissions=("view_report",))
        async with served(open_settings, folder, "--no-worker") as process:
            await until_quiet(options)
            await _measure(options, open_settings, process.pid)
            tell_load("after")


async def _measure(options: Options, settings: Settings, pid: int) -> None:
    url = settings.database_url.reveal() if settings.database_url else ""
    size, rows = await _download(settings), await _rows(url)
    print(f"one report: {rows} rows, {size / 1e6:.0f} MB", flush=True)
    before = resident_megabytes(pid)
    growth: list[float] = []

    async def through_the_api() -> float:
        forget_peak(pid)
        begun = time.perf_counter()
        await _download(settings)
        seconds = time.perf_counter() - begun
        growth.append(peak_megabytes(pid) - before)
        return rows / seconds

    async def plain() -> float:
        return rows / await _copied(url, PLAIN, EARLIEST, FAMILIES)

    async def same() -> float:
        return rows / await _copied(url, _RESULTS, EARLIEST, None, FAMILIES)

    tell_pairs(
        "CSV against COPY of plain columns", await interleaved(through_the_api, plain, options.pairs), FLOOR, "rows/s"
    )
    tell_pairs(
        "CSV against COPY of its statement", await interleaved(through_the_api, same, options.pairs), FLOOR, "rows/s"
    )
    tell("server's memory grew by", growth, FLAT, "MB")
    packed = [await _timed(settings, encoding=encoding) for encoding in ("gzip", "zstd") for _ in range(2)]
    print("packed by gzip, gzip, zstd, zstd: " + ", ".join(f"{seconds:.2f} s" for seconds in packed), flush=True)
    days = [await _timed(settings, query="?start_date=2026-02-01&end_date=2026-02-02") for _ in range(options.pairs)]
    tell("the report of a day", [seconds * 1000 for seconds in days], unit="ms")


async def _timed(settings: Settings, *, query: str = "", encoding: str = "identity") -> float:
    begun = time.perf_counter()
    await _download(settings, query, encoding)
    return time.perf_counter() - begun


async def _download(settings: Settings, query: str = "", encoding: str = "identity") -> int:
    """Reads and throws away; answers how many bytes there were. Less work than any HTTP client does."""
    address = urlsplit(settings.api_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**20)
    request = f"GET {PATH}{query} HTTP/1.1\r\nHost: {address.netloc}\r\nAccept-Encoding: {encoding}\r\n"
    writer.write(f"{request}Connection: close\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(head.decode())
    size = 0
    while piece := await reader.read(2**20):
        size += len(piece)
    writer.close()
    return size


async def _copied(url: str, statement: str, *values: object) -> float:
    """How many seconds it took."""
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})

    async def forget(_: bytes) -> None:
        pass

    begun = time.perf_counter()
    await connection.copy_from_query(statement, *values, output=forget, format="csv")
    seconds = time.perf_counter() - begun
    await connection.close()
    return seconds


async def _rows(url: str) -> int:
    connection = await asyncpg.connect(url)
    count = await connection.fetchval(f"select count(*) from ({PLAIN}) as found", EARLIEST, FAMILIES)
    await connection.close()
    return count


async def _seed(owner_url: str, executions: int) -> None:
    text = (Path(__file__).parent / "observed.sql").read_text()
    connection = await asyncpg.connect(owner_url)
    await connection.execute(text.replace(":executions", str(executions)))
    await connection.execute("vacuum analyze")
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
