"""The processes of one local Ray cluster, told apart from every other Ray of the machine, and their end."""

import hashlib
import os
import signal
from pathlib import Path

import psutil

from touchstone.embedded.directory import DirectoryUnusable
from touchstone.embedded.processes import find_family, is_alive, signal_all, wait_until_gone

# every process of the cluster inherits it, those included whose command line says nothing
MARK = "TOUCHSTONE_EMBEDDED_RAY"

# Unix sockets may have 107 bytes; Ray appends `/session_<time>_<pid>/sockets/<name>` of up to 76
_LONGEST_FOLDER = 31
_SHORT_ROOT = Path("/tmp")  # noqa: S108
_RAYLET_SECONDS = 6
_OTHERS_SECONDS = 4


def ray_folder(directory: Path) -> Path:
    """Within the data directory, or a short one of its own where the sockets' paths would grow too long."""
    folder = directory / "ray"
    if len(os.fsencode(folder)) <= _LONGEST_FOLDER:
        return folder
    return _SHORT_ROOT / f"touchstone-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:10]}"


def make_private(folder: Path) -> None:
    """In a folder that all may write to, somebody else may have been first: raises DirectoryUnusable."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid():
        raise DirectoryUnusable(path=folder, reason="it belongs to somebody else")
    folder.chmod(0o700)


def find_cluster(folder: Path) -> list[psutil.Process]:
    """By the mark, and by descent for those who overwrote their environment with a title."""
    return find_family(lambda process: process.environ().get(MARK) == str(folder))


async def end_cluster(folder: Path) -> None:
    """The raylet first, which takes its workers and their drivers along; then the rest; then by force."""
    known: set[psutil.Process] = set()

    def find() -> list[psutil.Process]:
        # remembered, because who loses its parent can no longer be found by descent
        known.update(find_cluster(folder))
        return [process for process in known if is_alive(process)]

    def find_raylets() -> list[psutil.Process]:
        return [process for process in find() if is_alive(process, "raylet")]

    signal_all(find_raylets(), signal.SIGTERM)
    await wait_until_gone(find_raylets, _RAYLET_SECONDS)
    for number in (signal.SIGTERM, signal.SIGKILL):
        signal_all(find(), number)
        if await wait_until_gone(find, _OTHERS_SECONDS):
            return
