"""A local Ray of one's own: one node on loopback, on free ports, behind a generated token.

Ray opens some of its ports on all interfaces whatever it is told, hence the token. It replaces 127.0.0.1 by the
host's own address, and on Linux leaves 127.0.0.2 alone.
"""

import asyncio
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from touchstone.embedded.directory import DataDirectory
from touchstone.embedded.processes import PartFailed, run_to_end, tail, to_completion
from touchstone.embedded.ray_processes import MARK, end_cluster, make_private, ray_folder
from touchstone.embedded.state import free_port, load_credentials, load_ports, remember_port

_NODE_ADDRESS = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
_OBJECT_STORE_BYTES = 200_000_000
_START_SECONDS = 120
_READY_SECONDS = 60
_ATTEMPTS = 2


class EmbeddedRay(msgspec.Struct, frozen=True):
    """A running cluster: the URL of its dashboard and Jobs API, and the token that all of it asks for."""

    url: str
    token: str
    folder: Path


@asynccontextmanager
async def running_ray(
    directory: DataDirectory, *, cpus: int | None = None, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[EmbeddedRay]:
    """In a directory that the caller holds and guards.

    `cpus` defaults to the machine's. Jobs see `environment` and that of this process, less its own settings.
    Raises PartFailed; a failed start leaves nothing running.
    """
    folder = ray_folder(directory.path)
    try:
        yield await _start(directory, folder, cpus, jobs_environment(os.environ, environment or {}))
    finally:
        await to_completion(_end(folder))


async def _start(
    directory: DataDirectory, folder: Path, cpus: int | None, environment: Mapping[str, str]
) -> EmbeddedRay:
    """Tries again on other ports, because between finding a free one and using it somebody else may take it."""
    if importlib.util.find_spec("ray") is None:
        raise PartFailed(system="ray", reason="it is not installed. Install touchstone[embedded].")
    token = load_credentials(directory).ray_token
    preferred = load_ports(directory).ray
    log = directory.path / "ray.log"
    for _ in range(_ATTEMPTS):
        await _end(folder)
        make_private(folder)
        port = free_port(preferred)
        marks = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, MARK: str(folder)}
        if await _run(_command(folder, port, cpus), {**environment, **marks}, folder, log):
            ray = EmbeddedRay(f"http://127.0.0.1:{port}", token, folder)
            await _until_ready(ray)
            remember_port(directory, ray=port)
            return ray
        preferred = None
    raise PartFailed(system="ray", reason=tail(log))


def _command(folder: Path, port: int, cpus: int | None) -> list[str]:
    """Port 0 leaves the choice to the kernel at the moment of use; these two Ray wants to know beforehand."""
    options = {
        "node-ip-address": _NODE_ADDRESS,
        "temp-dir": folder,
        "dashboard-host": "127.0.0.1",
        "dashboard-port": port,
        "ray-client-server-port": free_port(host=_NODE_ADDRESS),
        "port": 0,
        "dashboard-agent-listen-port": 0,
        "min-worker-port": 0,
        "max-worker-port": 0,
        "object-store-memory": _OBJECT_STORE_BYTES,
        "log-style": "record",
        **({} if cpus is None else {"num-cpus": cpus}),
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-P", "-m", "ray.scripts.scripts", "start", "--head", "--disable-usage-stats", *flags]


def jobs_environment(inherited: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Our own settings hold secrets that are no business of jobs, and a user's RAY_ADDRESS means another cluster."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(("RAY_", "TOUCHSTONE_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return {**kept, **given, "PATH": path}


async def _run(command: list[str], environment: dict[str, str], folder: Path, log: Path) -> bool:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603, ASYNC220
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        return await run_to_end(process, _START_SECONDS) == 0


async def _until_ready(ray: EmbeddedRay) -> None:
    """Ready is who lists jobs: the dashboard answers before its Jobs API does."""
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    headers = {"Authorization": f"Bearer {ray.token}"}
    async with httpx.AsyncClient(base_url=ray.url, headers=headers, timeout=5, trust_env=False) as client:
        while not await _answers(client):
            if asyncio.get_running_loop().time() > deadline:
                raise PartFailed(system="ray", reason=f"its dashboard did not answer within {_READY_SECONDS} s")
            await asyncio.sleep(0.05)


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        answers = [await client.get(path) for path in ("/api/version", "/api/jobs/")]
    except httpx.HTTPError:
        return False
    return all(answer.is_success for answer in answers)


async def _end(folder: Path) -> None:
    await end_cluster(folder)
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
