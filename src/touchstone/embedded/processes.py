"""Processes that are ours by a property they carry, found and ended within bounds, children included."""

import asyncio
import subprocess
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import TypeVar

import psutil

from touchstone.errors import Unavailable

Result = TypeVar("Result")


class PartFailed(Unavailable):
    """The embedded {system} did not start: {reason}"""


def find_processes(belongs: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Processes that vanish or may not be looked at are not ours."""
    return [process for process in psutil.process_iter() if _holds(belongs, process)]


def find_family(belongs: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """As `find_processes`, with all descendants."""
    everyone = {process.pid: process for process in psutil.process_iter()}
    family = {pid for pid, process in everyone.items() if _holds(belongs, process)}
    children = family
    while children:
        children = {pid for pid, process in everyone.items() if pid not in family and parent_of(process) in children}
        family |= children
    return [everyone[pid] for pid in family]


def _holds(belongs: Callable[[psutil.Process], bool], process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and belongs(process)
    except (psutil.Error, OSError):
        return False


def parent_of(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None


def is_alive(process: psutil.Process, name: str | None = None) -> bool:
    """One that has ended and waits for its parent to notice is not; a name asks for that program alone."""
    return _holds(lambda it: it.is_running() and name in (None, it.name()), process)


def signal_all(processes: Iterable[psutil.Process], number: int) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue


async def wait_until_gone(find: Callable[[], list[psutil.Process]], within: float) -> bool:
    """Looks anew each time, because ending processes may still start others."""
    deadline = asyncio.get_running_loop().time() + within
    while find():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


async def run_to_end(process: subprocess.Popen[bytes], within: float) -> int:
    """The exit status; a process that takes longer, or whose caller is cancelled, is killed.

    Polls instead of using asyncio's subprocesses, because not every event loop can change the user of those.
    """
    deadline = asyncio.get_running_loop().time() + within
    try:
        while process.poll() is None and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    finally:
        if process.poll() is None:
            process.kill()
        status = process.wait()
    return status


async def to_completion(ending: Coroutine[None, None, Result]) -> Result:
    """Awaits it to its end although the caller is cancelled meanwhile; the cancellation comes after."""
    task = asyncio.ensure_future(ending)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()


def tail(log: Path, size: int = 2000) -> str:
    """The end of a log, for a message that says why."""
    try:
        return log.read_bytes()[-size:].decode(errors="replace").strip()
    except OSError:
        return "no log was written"
