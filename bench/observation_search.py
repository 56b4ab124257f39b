"""How long a page of 50 of the two searches takes over 1,000,000 results, with any two filters, through the API.

By cursor and without a count at five depths; and as the contract has it, by offset and with the exact count. Counts of
what is asked of executions and statuses alone come from the counts kept with executions, others from the results.
Each request is sent twice, and both times count.
"""

import asyncio
import datetime as dt
import itertools
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
from measure import Bound, Options, read_options, tell, tell_load, tell_machine, until_quiet
from service import bench_folder, parts_in, served, with_changes

from touchstone.http.paging import encode_cursor

SEED = Path(__file__).parent / "observed.sql"
EXECUTIONS, QUICK_EXECUTIONS, PAGE = 5_000, 50, 50
BY_CURSOR, BY_KEPT_COUNTS, BY_COUNTING = (
    Bound("at most", 100, "ms"),
    Bound("at most", 100, "ms"),
    Bound("at most", 400, "ms"),
)
OFFSETS = (0, 1_000, 9_950)
# of the 208 days that the executions are spread over
DEPTHS = tuple(dt.datetime(2026, month, day, tzinfo=dt.UTC) for month, day in ((7, 15), (5, 1), (3, 1), (1, 20)))

METADATA = "a2VybmVs:a2VybmVsLTE="  # kernel: kernel-1
OF_BOTH: dict[str, Any] = {
    "families": "snap",
    "artefacts": ["artefact-7", "artefact-9"],
    "artefact_versions": "3",
    "artefact_stages": "beta",
    "artefact_tracks": "latest",
    "artefact_is_archived": False,
    "environments": ["environment-3", "environment-7"],
    "test_plans": "plan-2",
    "execution_metadata": METADATA,
    "test_execution_statuses": "FAILED",
    "reviewer_ids": "any",
    "rerun_is_requested": True,
    "execution_is_latest": True,
    "from_date": "2026-03-01",
    "until_date": "2026-05-01",
}
OF_RESULTS: dict[str, Any] = {
    "test_cases": ["case-5", "case-8"],
    "template_ids": "template-7",
    "issues": "none",
    "test_result_statuses": "FAILED",
}
OF_EXECUTIONS: dict[str, Any] = {"event_names": "job_end", "test_result": "none"}
# other values of the filters that are found in ways of their own
VARIANTS: list[dict[str, Any]] = [{"issues": "any"}, {"issues": ["3", "4"]}, {"template_ids": ""}]
COUNTED = {"test_cases", "template_ids", "issues", "from_date", "until_date"}


class Search(NamedTuple):
    path: str
    filters: list[dict[str, Any]]
    counted: set[str]


SEARCHES = {
    "results": Search(
        "/api/v1/test-results",
        [
            *(
                {**dict([one]), **dict([other])}
                for one, other in itertools.combinations({**OF_BOTH, **OF_RESULTS}.items(), 2)
            ),
            *({name: value, **variant} for variant in VARIANTS for name, value in {**OF_BOTH, **OF_RESULTS}.items()),
        ],
        COUNTED,
    ),
    "executions": Search(
        "/api/v1/test-executions",
        [dict(pair) for pair in itertools.combinations({**OF_BOTH, **OF_EXECUTIONS}.items(), 2)],
        set(),
    ),
}


class Timed(NamedTuple):
    milliseconds: float
    params: Mapping[str, Any]


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("observation_search.py")
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, settings):
        assert parts.database_owner_url
        await _seed(parts.database_owner_url, QUICK_EXECUTIONS if options.quick else EXECUTIONS)
        open_to_all = with_changes(settings, ignore_permissions=("view_test",))
        async with served(open_to_all, folder, "--no-worker"), _client(settings.api_url) as client:
            await until_quiet(options)
            for name, search in SEARCHES.items():
                await _measure(options, client, name, search)
            tell_load("after")


async def _seed(owner_url: str, executions: int) -> None:
    connection = await asyncpg.connect(owner_url)
    await connection.execute(SEED.read_text("utf-8").replace(":executions", str(executions)), timeout=1200)
    await connection.execute("vacuum analyze", timeout=600)
    print(f"# {await connection.fetchval('select count(*) from test_result'):,} results", flush=True)
    await connection.close()


def _client(url: str) -> httpx.AsyncClient:
    # what compressing a page costs is not the search's
    return httpx.AsyncClient(base_url=url, timeout=60, headers={"Accept-Encoding": "identity"})


async def _measure(options: Options, client: httpx.AsyncClient, name: str, search: Search) -> None:
    filters = search.filters[:: 20 if options.quick else 1]
    cursors = [encode_cursor(at, 2**31 - 1) for at in DEPTHS]
    pages = [{**one, "cursor": cursor} for one in filters for cursor in cursors] + filters
    _tell(
        f"{name} by cursor, not counted", await _timed(client, search.path, pages, {"Prefer": "count=none"}), BY_CURSOR
    )
    counted = [one for one in filters if search.counted & one.keys()]
    kept = [one for one in filters if not search.counted & one.keys()]
    for how, some, bound in ("kept counts", kept, BY_KEPT_COUNTS), ("counting", counted, BY_COUNTING):
        pages = [{**one, "offset": offset} for one in some for offset in OFFSETS]
        if pages:
            _tell(f"{name} by offset, {how}", await _timed(client, search.path, pages, {}), bound)


async def _timed(
    client: httpx.AsyncClient, path: str, pages: Iterable[Mapping[str, Any]], headers: dict[str, str]
) -> list[Timed]:
    found: list[Timed] = []
    for params in pages:
        for _ in range(2):
            start = time.perf_counter()
            answer = await client.get(path, params={**params, "limit": PAGE}, headers=headers)
            found.append(Timed((time.perf_counter() - start) * 1000, params))
            answer.raise_for_status()
    return found


def _tell(name: str, found: Sequence[Timed], bound: Bound) -> None:
    values = [one.milliseconds for one in found]
    tell(name, values, unit="ms")
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
    verdict = "kept" if p95 <= bound.value else "missed"
    print(f"  95 of 100 within {p95:.0f} ms | promised {bound}: {verdict}")
    for one in sorted(found, reverse=True, key=lambda one: one.milliseconds)[:3]:
        print(f"  slowest: {one.milliseconds:.0f} ms with {dict(one.params)}")


if __name__ == "__main__":
    asyncio.run(main())
