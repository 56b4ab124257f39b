"""The service inside this process: embedded parts for what is unset, API, worker loops."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NoReturn, TypeVar

import msgspec

from touchstone.app import create_app
from touchstone.command_line.configuration import require_keys
from touchstone.command_line.console import logs_json, teller
from touchstone.command_line.http_server import http_server, require_free_port
from touchstone.command_line.lifespan import lifespan
from touchstone.command_line.parts import running_parts
from touchstone.command_line.schema_version import prepare_schema
from touchstone.errors import Failure
from touchstone.http.logging import configure_logging
from touchstone.settings import Settings
from touchstone.worker import run_worker

T = TypeVar("T")
WORKER_STOP_SECONDS = 20


class ServiceEnded(Failure):
    """The {part} ended by itself; its log says why."""


class RunningService(msgspec.Struct, frozen=True):
    """`settings` name the parts that were started."""

    settings: Settings
    tasks: frozenset["asyncio.Task[None]"]

    async def end(self) -> NoReturn:
        """Waits while all is well; raises what ended a part of the service, or ServiceEnded."""
        done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        raise ServiceEnded(part=" and the ".join(task.get_name() for task in done))

    async def while_running(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work answers, unless a part of the service ends first."""
        task, end = asyncio.ensure_future(work), asyncio.ensure_future(self.end())
        try:
            await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await end
            return task.result()
        finally:
            task.cancel()
            end.cancel()


@asynccontextmanager
async def running_service(
    settings: Settings, *, with_api: bool = True, with_worker: bool = True
) -> AsyncGenerator[RunningService]:
    """Serves at the settings' host and port. The worker ends first, then the API, then the embedded parts."""
    configure_logging(settings.log_level, logs_json(settings))
    tell = teller(settings)
    if with_api:
        require_free_port(settings.host, settings.port)
    async with AsyncExitStack() as stack:
        is_ours = settings.database_url is None
        settings = await stack.enter_async_context(running_parts(settings, with_ray=with_worker, tell=tell))
        require_keys(settings)
        await prepare_schema(settings, is_ours=is_ours, tell=tell)
        tasks: set[asyncio.Task[None]] = set()
        if with_api:
            application = create_app(settings)
            await stack.enter_async_context(lifespan(application))
            tasks.add(await stack.enter_async_context(http_server(application, settings.host, settings.port)))
        if with_worker:
            tasks.add(await stack.enter_async_context(_running_worker(settings)))
        yield RunningService(settings, frozenset(tasks))


@asynccontextmanager
async def _running_worker(settings: Settings) -> AsyncGenerator["asyncio.Task[None]"]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(settings, stop), name="worker")
    try:
        yield task
    finally:
        stop.set()
        _, late = await asyncio.wait({task}, timeout=WORKER_STOP_SECONDS)
        for unfinished in late:
            unfinished.cancel()
