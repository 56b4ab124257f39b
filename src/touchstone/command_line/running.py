"""Runs a command's coroutine on uvloop and ends it cleanly when the process is asked to end."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


class Terminated(Exception):
    """SIGTERM came; what had to be closed is closed."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Cancels `main` on SIGINT and SIGTERM; raises KeyboardInterrupt or Terminated after it has cleaned up."""
    return uvloop.run(_cancelled_by_sigterm(main))


async def _cancelled_by_sigterm(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(main)
    signals = 0

    def terminate() -> None:
        nonlocal signals
        signals += 1
        if signals == 1:  # a second one must not cancel the cleaning up
            task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await task
    except asyncio.CancelledError:
        if signals:
            raise Terminated from None
        raise
