"""One database cluster on disk and the server over it: made, started, ended."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import msgspec
import psutil

from touchstone.embedded.account import Account, bare_environment
from touchstone.embedded.binaries import Binaries
from touchstone.embedded.processes import (
    PartFailed,
    find_processes,
    parent_of,
    run_to_end,
    signal_all,
    tail,
    wait_until_gone,
)

SUPERUSER = "postgres"
_INITDB_SECONDS = 120
_FAST_STOP_SECONDS = 20
_QUICK_STOP_SECONDS = 5
_LARGEST_LOG = 5_000_000


class Cluster(msgspec.Struct, frozen=True):
    """`folder` is Postgres' own data directory and belongs to the account."""

    folder: Path
    binaries: Binaries
    account: Account

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.log")

    async def create(self, password: str, *, durable: bool) -> None:
        """Made under another name and renamed when complete, so that a killed start leaves no half of one."""
        draft = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.account.own(draft)
        with tempfile.NamedTemporaryFile("w", dir=self.folder.parent, prefix="initdb-") as password_file:
            password_file.write(password)
            password_file.flush()
            self.account.own(Path(password_file.name))
            await self._initdb(draft, Path(password_file.name), durable)
        draft.rename(self.folder)

    async def _initdb(self, draft: Path, password_file: Path, durable: bool) -> None:
        options = ["-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", password_file, "-E", "UTF8", "--locale=C.UTF-8"]
        process = self._run("initdb", "-D", draft, *options, "--no-instructions", *([] if durable else ["--no-sync"]))
        if await run_to_end(process, _INITDB_SECONDS) != 0:
            raise PartFailed(system="postgres", reason=f"initdb failed: {tail(self.log)}")

    def start(self, port: int, settings: dict[str, str]) -> subprocess.Popen[bytes]:
        """On loopback alone, by TCP alone. Answers at once; the server gets ready meanwhile."""
        listening = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in (settings | listening).items()]
        return self._run("postgres", "-D", self.folder, *options)

    def _run(self, program: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            os.truncate(self.log, 0)
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            return subprocess.Popen(  # noqa: S603
                [self.binaries.folder / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=bare_environment(),
                start_new_session=True,
                **self.account.run_as,
            )


def version_of(folder: Path) -> int | None:
    """The major version that made the cluster, None where there is no cluster yet."""
    try:
        return int((folder / "PG_VERSION").read_text())
    except (OSError, ValueError):
        return None


def find_servers(folder: Path) -> list[psutil.Process]:
    """Postmaster and backends of this cluster, a killed postmaster's orphans included: all stand in its folder.

    More to the point than postmaster.pid, which may name a process of another program by now.
    """
    place = str(folder.resolve())
    return find_processes(lambda process: process.name() == "postgres" and process.cwd() == place)


async def end_servers(folder: Path) -> None:
    """First as Postgres' fast shutdown, then as its immediate one, then by force; returns when none is left."""

    def find() -> list[psutil.Process]:
        return find_servers(folder)

    for number, within in ((signal.SIGINT, _FAST_STOP_SECONDS), (signal.SIGQUIT, _QUICK_STOP_SECONDS)):
        signal_all(_parents(find()), number)
        if await wait_until_gone(find, within):
            return
    signal_all(find(), signal.SIGKILL)
    await wait_until_gone(find, _QUICK_STOP_SECONDS)


def _parents(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Backends take SIGINT as the order to cancel a query, so only their postmaster may get it."""
    ids = {process.pid for process in processes}
    return [process for process in processes if parent_of(process) not in ids]
