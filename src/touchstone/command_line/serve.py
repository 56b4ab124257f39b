"""touchstone serve, touchstone worker"""

import asyncio
import os

import click
import msgspec

from touchstone.command_line import exit_codes
from touchstone.command_line.configuration import load_settings, tell_of_exposure
from touchstone.command_line.console import as_json, print_json, teller
from touchstone.command_line.extra_processes import extra_processes
from touchstone.command_line.running import Terminated, run
from touchstone.command_line.service import RunningService, running_service
from touchstone.settings import Settings


@click.command()
@click.option("--host", help="Address to listen on; TOUCHSTONE_HOST, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; TOUCHSTONE_PORT, else 8000.")
@click.option("--no-worker", is_flag=True, help="API only; run `touchstone worker` elsewhere.")
@click.option("--processes", type=click.IntRange(1, 256), help="API processes; TOUCHSTONE_PROCESSES, else 1.")
@as_json
def serve(host: str | None, port: int | None, no_worker: bool, processes: int | None, is_json: bool) -> int:
    """Run the API and the worker loops in one process until SIGTERM (status 0) or Ctrl-C (130).

    Starts an embedded Postgres, object store and Ray for whatever is not set, and migrates only an embedded database:
    run `touchstone migrate` for your own before.

    \b
    touchstone serve
    touchstone serve --host 0.0.0.0 --port 80 --processes 4 --no-worker
    """
    given = {"host": host, "port": port, "processes": processes}
    settings = load_settings()
    settings = msgspec.structs.replace(settings, **{name: value for name, value in given.items() if value is not None})
    tell_of_exposure(settings)
    try:
        run(_serve(settings, with_worker=not no_worker, is_json=is_json))
    except Terminated:
        return exit_codes.OK
    return exit_codes.FAILED


@click.command()
def worker() -> int:
    """Run the worker loops: submit jobs to Ray, follow them, take their results in.

    Any number may run against one database. Embedded parts belong to one process alone, so beside a `serve`
    set TOUCHSTONE_DATABASE_URL, TOUCHSTONE_RAY_URL and an object store for both.
    """
    try:
        run(_work(load_settings()))
    except Terminated:
        return exit_codes.OK
    return exit_codes.FAILED


async def _serve(settings: Settings, *, with_worker: bool, is_json: bool) -> None:
    async with running_service(settings, with_worker=with_worker) as service:
        async with extra_processes(service.settings, settings.processes - 1):
            _announce(service.settings, with_worker=with_worker, is_json=is_json)
            await _until_it_ends(service)


async def _work(settings: Settings) -> None:
    async with running_service(settings, with_api=False) as service:
        teller(service.settings)("The worker runs.")
        await _until_it_ends(service)


async def _until_it_ends(service: RunningService) -> None:
    try:
        await service.end()
    except asyncio.CancelledError:
        teller(service.settings)("Stopping.")
        raise


def _announce(settings: Settings, *, with_worker: bool, is_json: bool) -> None:
    store = f"s3://{settings.s3_bucket}" if settings.s3_bucket else str(settings.store_folder.absolute())
    if is_json:
        print_json({"url": settings.api_url, "objects": store, "pid": os.getpid()})
    workers = "with a worker" if with_worker else "without a worker"
    tell = teller(settings)
    tell(f"Touchstone listens at {settings.api_url}, {workers}; its documentation is at {settings.api_url}/docs")
    tell(f"Datasets and results lie in {store}")
