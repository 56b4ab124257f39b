"""Processes that are ours by a property they carry, found and ended within bounds, children included."""

import asyncio
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from touchstone.errors import Unavailable


class PartFailed(Unavailable):
    """The embedded {system} did not start: {reason}"""


def find_processes(belongs: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Processes that vanish or may not be looked at are not ours."""
    return [process for process in psutil.process_iter() if _holds(belongs, process)]


def _holds(belongs: Callable[[psutil.Process], bool], process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and belongs(process)
    except psutil.Error:
        return False


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
        await asyncio.sleep(0.05)
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
    return process.wait()


def tail(log: Path, size: int = 2000) -> str:
    """The end of a log, for a message that says why."""
    try:
        return log.read_bytes()[-size:].decode(errors="replace").strip()
    except OSError:
        return "no log was written"
