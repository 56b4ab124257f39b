"""More API processes on the same port: the kernel spreads connections over all that listen (SO_REUSEPORT)."""

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from touchstone.app import create_app
from touchstone.command_line.console import logs_json, teller
from touchstone.command_line.http_server import http_server
from touchstone.command_line.lifespan import lifespan
from touchstone.command_line.running import Terminated, run
from touchstone.http.logging import configure_logging
from touchstone.settings import Settings

STOP_SECONDS = 15
RESTART_SECONDS = 1
_PR_SET_PDEATHSIG = 1


@asynccontextmanager
async def extra_processes(settings: Settings, count: int) -> AsyncGenerator[None]:
    """Keeps `count` processes of the API running; they need every part to be set."""
    keepers = [asyncio.create_task(_keep_running(settings)) for _ in range(count)]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep_running(settings: Settings) -> None:
    environment = {**os.environ, **settings.to_environment()}
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __spec__.name, str(os.getpid()), env=environment, start_new_session=True
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        teller(settings)(f"An API process ended with status {status}; starting another.")
        await asyncio.sleep(RESTART_SECONDS)


async def _end(process: Process) -> None:
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _serve() -> None:
    settings = Settings.from_environment(os.environ)
    configure_logging(settings.log_level, logs_json(settings))
    application = create_app(settings)
    async with lifespan(application), http_server(application, settings.host, settings.port) as server:
        await asyncio.wait({server})  # awaited by itself it would be cancelled with us, not stopped


def _end_with(parent: int) -> None:
    """Even a killed parent leaves nobody behind on its port."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit()


if __name__ == "__main__":
    if sys.platform == "linux":
        _end_with(int(sys.argv[1]))
    with suppress(Terminated):
        run(_serve())
