"""Serves an ASGI application on the running event loop: granian, HTTP/1.1."""

import asyncio
import errno
import gc
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from touchstone.errors import Conflict
from touchstone.http.logging import server_log_config

START_SECONDS = 20
YOUNG_OBJECTS = 20_000
STOP_SECONDS = 5


class PortTaken(Conflict):
    """Port {port} of {host} is taken by another process; choose one with --port or TOUCHSTONE_PORT."""


class AddressUnusable(Conflict):
    """Cannot listen on {host}:{port}: {reason}."""


def require_free_port(host: str, port: int) -> None:
    """granian listens with SO_REUSEPORT, so that two services on one port would silently share the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host=host, port=port) from error
            raise AddressUnusable(host=host, port=port, reason=error.strerror or error) from error


def free_port() -> int:
    """One that nobody listens on at the moment, on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def http_server(application: Any, host: str, port: int) -> AsyncGenerator["asyncio.Task[None]"]:
    """Listens until the end, then lets running requests finish for `STOP_SECONDS`. The task ends early on failure."""
    server = Server(
        application,
        host,
        port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        log_level=LogLevels.error,  # below that it only tells that it starts, stops and is young
        log_dictconfig=server_log_config("error"),
    )
    server.workers_kill_timeout = STOP_SECONDS
    _leave_loaded_code_to_itself()
    task = asyncio.create_task(server.serve(), name="http server")
    await _listening(task, host, port)
    try:
        yield task
    finally:
        server.stop()
        with suppress(TimeoutError):  # streams without an end are cut
            await task


def _leave_loaded_code_to_itself() -> None:
    """The collector of cycles no longer walks what was imported, and comes less often: the answer to one list makes
    thousands of objects, none of them in a cycle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)


async def _listening(task: "asyncio.Task[None]", host: str, port: int) -> None:
    """granian does not tell when it listens."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    async with asyncio.timeout(START_SECONDS):
        while not task.done():
            try:
                _, writer = await asyncio.open_connection(target, port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return
    task.result()
