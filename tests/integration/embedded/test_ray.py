"""Ray takes long to start, so that each start here carries several statements."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import httpx

from touchstone.embedded.parts import EmbeddedParts, embedded_parts
from touchstone.embedded.processes import is_alive
from touchstone.embedded.ray_processes import find_cluster, ray_folder

from .conftest import Holder, until

PROGRAM = "import os, ray; ray.init(); print('CPUS', ray.cluster_resources()['CPU'], 'GIVEN', os.environ['GIVEN'])"


def client(parts: EmbeddedParts, token: str | None) -> httpx.AsyncClient:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=str(parts.ray_url), headers=headers, trust_env=False, timeout=30)


async def status_of(parts: EmbeddedParts, token: str | None) -> int:
    async with client(parts, token) as asking:
        return (await asking.get("/api/jobs/")).status_code


async def run_job(parts: EmbeddedParts, program: str) -> str:
    async with client(parts, parts.ray_token) as asking:
        submitted = await asking.post("/api/jobs/", json={"entrypoint": f'python -c "{program}"'})
        job = f"/api/jobs/{submitted.json()['submission_id']}"

        async def is_running() -> bool:
            return (await asking.get(job)).json()["status"] in ("PENDING", "RUNNING")

        async with asyncio.timeout(120):
            while await is_running():
                await asyncio.sleep(0.2)
        return (await asking.get(f"{job}/logs")).json()["logs"]


async def test_ray_asks_for_its_token_runs_jobs_and_leaves_no_process(directory: Path) -> None:
    async with embedded_parts(
        directory, postgres=False, ray=True, ray_cpus=3, ray_environment={"GIVEN": "by-the-caller"}
    ) as parts:
        assert parts.database_url is None
        assert await status_of(parts, None) == 401
        assert await status_of(parts, "wrong") == 403
        assert await status_of(parts, parts.ray_token) == 200
        assert "CPUS 3.0 GIVEN by-the-caller" in await run_job(parts, PROGRAM)
        processes = find_cluster(ray_folder(parts.directory))
        assert len(processes) > 10
    assert not any(is_alive(process) for process in processes)
    assert find_cluster(ray_folder(parts.directory)) == []
    assert not ray_folder(parts.directory).exists()


async def test_all_parts_end_with_a_killed_process_and_start_again(
    directory: Path, hold: Callable[..., Holder]
) -> None:
    other = hold("postgres", "ray")
    processes = find_cluster(ray_folder(directory))
    other.end(signal.SIGKILL)
    async with embedded_parts(directory, postgres=True, ray=True, ray_cpus=1) as parts:
        assert not any(is_alive(process) for process in processes)
        assert parts.database_url is not None
        assert await status_of(parts, parts.ray_token) == 200
    await until(lambda: not find_cluster(ray_folder(directory)))
