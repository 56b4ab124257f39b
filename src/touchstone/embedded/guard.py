"""Ends Postgres and Ray of a data directory when the process that started them is gone without having done so.

They end with it rather than linger to be adopted: nobody has to remember a database and twenty Ray processes that
outlived a `kill -9`, an ordinary SIGTERM needs no handler of ours, and the next start is the same as any other. No
work is lost by it: committed rows stay, and attempts that ran on Ray are submitted again by the dispatcher.

The guard is a process of its own that reads from a pipe whose other end only its starter holds; the kernel closes
that end however the starter dies. PR_SET_PDEATHSIG would not do: it follows the starting thread, not the process, and
does not reach Ray's grandchildren. A guard that is killed too leaves the parts to the next start, which ends them.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from touchstone.embedded import inheritance
from touchstone.embedded.directory import CLEANING_UP, read_holder, try_lock
from touchstone.embedded.postmaster import end_servers
from touchstone.embedded.processes import run_to_end, to_completion
from touchstone.embedded.ray_processes import end_cluster, ray_folder

_FAREWELL = b"all ended"
_GUARD_SECONDS = 60
_DYING_SECONDS = 5


@asynccontextmanager
async def guarded(directory: Path) -> AsyncGenerator[None]:
    """Ends what an earlier process left; whatever is started inside is ended even if this process cannot do it."""
    await end_parts(directory)
    reading, writing = os.pipe()
    inheritance.keep_from_forks(writing)
    guard = _start(directory, reading)
    os.close(reading)
    farewell = _FAREWELL
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        farewell = b""  # ending the parts may have been cut short
        raise
    finally:
        with suppress(BrokenPipeError):
            os.write(writing, farewell)
        inheritance.close(writing)
        if farewell:
            await to_completion(run_to_end(guard, _GUARD_SECONDS))


def _start(directory: Path, reading: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", __name__, str(directory), str(os.getpid())]
    return subprocess.Popen(  # noqa: S603
        command, stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


async def end_parts(directory: Path) -> None:
    """All Postgres servers and Ray clusters of the directory, whoever started them; its holder alone may call it."""
    await asyncio.gather(end_servers(directory / "postgres"), end_cluster(ray_folder(directory)))


async def end_orphans(directory: Path, starter: int) -> None:
    """Only while holding the directory: whoever started there since has ended the leftovers itself."""
    lock = await _inherit(directory, starter)
    if lock is not None:
        await end_parts(directory)
        os.close(lock)


async def _inherit(directory: Path, starter: int) -> int | None:
    """Waits for a starter that is dying to let go; None when somebody else has the directory by now."""
    deadline = asyncio.get_running_loop().time() + _DYING_SECONDS
    while (lock := try_lock(directory, CLEANING_UP)) is None:
        holder = read_holder(directory)
        is_somebody_else = holder is not None and holder.pid != starter
        if is_somebody_else or asyncio.get_running_loop().time() > deadline:
            return None
        await asyncio.sleep(0.05)
    return lock


def main() -> None:
    directory, starter = sys.argv[1:]
    if sys.stdin.buffer.read() != _FAREWELL:
        asyncio.run(end_orphans(Path(directory), int(starter)))


if __name__ == "__main__":
    main()
