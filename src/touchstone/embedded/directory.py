"""The data directory: where it lies, who holds it, what it is made of.

lock               held by flock while a process uses the directory; says which one
credentials.json   generated secrets, for the owner's eyes only
ports.json         where the parts listened last time, asked for again by the next start
objects/           the object store
postgres/          the database cluster, its log beside it in postgres.log
binaries/          a copy of Postgres, only where its account cannot read the installed one
ray/               Ray's sessions, unless the path is too long for its sockets
"""

import asyncio
import datetime as dt
import fcntl
import hashlib
import os
import shlex
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from touchstone.embedded import inheritance
from touchstone.embedded.account import unprivileged_account
from touchstone.errors import Conflict, Unavailable

DEFAULT_DIRECTORY = Path(".touchstone")
SYSTEM_FOLDER = Path("/var/lib/touchstone")
CLEANING_UP = "cleaning up after a killed process"
_CLEANUP_SECONDS = 60

Say = Callable[[str], None]


def silent(_message: str) -> None:
    """For callers that have nowhere to say things."""


class DirectoryHeld(Conflict):
    """The data directory {path} is in use by process {pid} ({command}) since {since}. Stop that process, or name another directory with TOUCHSTONE_DATA_DIR."""  # noqa: E501


class DirectoryUnusable(Unavailable):
    """The data directory {path} cannot be used: {reason}. Name another directory with TOUCHSTONE_DATA_DIR."""


class Holder(msgspec.Struct, frozen=True):
    """What the lock file tells of the process that holds the directory."""

    pid: int
    command: str
    since: dt.datetime


class DataDirectory(msgspec.Struct, frozen=True):
    """A directory that this process holds."""

    path: Path

    @property
    def objects(self) -> Path:
        return self.path / "objects"

    @property
    def credentials(self) -> Path:
        return self.path / "credentials.json"

    @property
    def ports(self) -> Path:
        return self.path / "ports.json"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def binaries(self) -> Path:
        return self.path / "binaries"


def choose_directory(
    wanted: Path, can_traverse: Callable[[Path], bool], say: Say = silent, *, system_folder: Path = SYSTEM_FOLDER
) -> Path:
    """The wanted directory, or one of its own in the system folder where Postgres' account cannot get to it."""
    wanted = wanted.expanduser().resolve()
    if can_traverse(_nearest_existing(wanted)):
        return wanted
    chosen = system_folder / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    say(f"Postgres' unprivileged user cannot reach {wanted}: using {chosen} instead")
    return chosen


def _nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


@asynccontextmanager
async def hold_directory(wanted: Path, say: Say = silent) -> AsyncGenerator[DataDirectory]:
    """Creates the directory if need be and holds it until the end; the lock ends with the process, however it ends.

    Raises DirectoryHeld when a process holds it already, DirectoryUnusable when it cannot be made or entered.
    """
    path = choose_directory(wanted, unprivileged_account().can_traverse, say)
    try:
        _make(path)
        lock = await _lock(path)
    except OSError as error:
        raise DirectoryUnusable(path=path, reason=error.strerror or error) from error
    inheritance.keep_from_forks(lock)
    try:
        yield DataDirectory(path)
    finally:
        os.truncate(lock, 0)
        inheritance.close(lock)


def _make(path: Path) -> None:
    """Others may pass (Postgres as root runs under another account) but not list; files carry their own modes."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)
    (path / "objects").mkdir(mode=0o700, exist_ok=True)


async def _lock(path: Path) -> int:
    """Waits, within bounds, for a guard that is still ending what a killed process left."""
    deadline = time.monotonic() + _CLEANUP_SECONDS
    while True:
        lock = try_lock(path)
        if lock is not None:
            return lock
        holder = read_holder(path)
        is_someone_at_work = holder is not None and holder.command != CLEANING_UP
        if is_someone_at_work or time.monotonic() > deadline:
            raise _held(path, holder)
        await asyncio.sleep(0.05)


def try_lock(path: Path, command: str | None = None) -> int | None:
    """The descriptor that holds the directory, or None when another process does."""
    lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    holder = Holder(pid=os.getpid(), command=command or shlex.join(sys.argv)[:200], since=dt.datetime.now(dt.UTC))
    os.truncate(lock, 0)
    os.pwrite(lock, msgspec.json.encode(holder), 0)
    return lock


def read_holder(path: Path) -> Holder | None:
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((path / "lock").read_bytes(), type=Holder)
    return None


def _held(path: Path, holder: Holder | None) -> DirectoryHeld:
    if holder is None:
        return DirectoryHeld(path=path, pid="unknown", command="unknown", since="an unknown time")
    since = holder.since.astimezone().isoformat(sep=" ", timespec="seconds")
    return DirectoryHeld(path=path, pid=holder.pid, command=holder.command, since=since)
