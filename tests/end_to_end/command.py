"""The command `touchstone` as a process of its own, in a folder of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from touchstone.settings import PREFIX


def environment(**settings: str) -> dict[str, str]:
    """The caller's environment without its TOUCHSTONE_… variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | {PREFIX + name.upper(): value for name, value in settings.items()}


def touchstone(*arguments: str, folder: Path, seconds: float = 60, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "touchstone", *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextmanager
def started(*arguments: str, folder: Path, **settings: str) -> Generator["Started"]:
    """A command that goes on; whatever is left of it at the end is killed."""
    log = folder / f"{'-'.join(arguments[:1])}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = psutil.Popen(
            [sys.executable, "-m", "touchstone", *arguments],
            cwd=folder,
            env=environment(**settings),
            stdout=output,
            stderr=output,
        )
    running = Started(process, log)
    try:
        yield running
    finally:
        running.note_children()
        for left in running.left():
            with suppress(psutil.NoSuchProcess):
                left.kill()


class Started:
    def __init__(self, process: psutil.Popen, log: Path) -> None:
        self.process = process
        self.log = log
        self._seen: set[psutil.Process] = {psutil.Process(process.pid)}

    def note_children(self) -> None:
        """Remembers who descends from the command now, to look for them when it is gone."""
        try:
            self._seen |= set(psutil.Process(self.process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return

    def left(self) -> list[psutil.Process]:
        return [one for one in self._seen if _lives(one)]

    def said(self) -> str:
        return self.log.read_text("utf-8", errors="replace")

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.said()}"
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        self.note_children()

    def wait_until_gone(self, seconds: float = 30) -> None:
        """Until neither the command nor anybody whom it started is left."""
        _, alive = psutil.wait_procs(self.left(), timeout=seconds)
        assert not [one for one in alive if _lives(one)], self.said()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False
