"""How soon `touchstone serve --no-worker` is ready on an existing database, and how large its process then is.

The yardstick is a bare Litestar application on granian with an asyncpg pool (`bare.py`), started the same way.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from measure import Bound, interleaved, read_options, resident_megabytes, tell, tell_load, tell_machine, tell_pairs
from measure import until_quiet as quiet
from service import bench_folder, end, parts_in, start_serving, until_ready, with_changes

from touchstone.command_line.http_server import free_port
from touchstone.settings import Settings

SECONDS = Bound("at most", 2.5, "s")
MEGABYTES = Bound("at most", 180, "MB")

Start = Callable[[Settings], subprocess.Popen[bytes]]


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("start.py")
    async with bench_folder() as folder, parts_in(folder / "data") as (_, settings):
        await quiet(options)
        ours, bare = Starts(settings, _ours(folder)), Starts(settings, _bare(folder))
        await ours.run()  # the first one compiles what has no bytecode yet
        ours.megabytes.clear()
        pairs = await interleaved(ours.run, bare.run, options.pairs)
        tell("seconds to readiness", [pair.candidate for pair in pairs], SECONDS, "s")
        tell("resident when ready", ours.megabytes, MEGABYTES, "MB")
        tell_pairs("seconds to readiness, against a bare service", pairs, None, "s")
        tell("resident when ready, the bare service", bare.megabytes, unit="MB")
        tell_load("after")


class Starts:
    """Starts and ends a service again and again."""

    def __init__(self, settings: Settings, start: Start) -> None:
        self.settings = settings
        self.start = start
        self.megabytes: list[float] = []

    async def run(self) -> float:
        """Seconds from the start of the process until `/health/ready` answers with success."""
        settings = with_changes(self.settings, port=free_port())
        began = time.perf_counter()
        process = self.start(settings)
        try:
            await until_ready(settings, process)
            seconds = time.perf_counter() - began
            self.megabytes.append(resident_megabytes(process.pid))
        finally:
            await end(process)
        return seconds


def _ours(folder: Path) -> Start:
    return lambda settings: start_serving(settings, folder, "--no-worker", log=subprocess.DEVNULL)


def _bare(folder: Path) -> Start:
    statements = folder / "statements.json"
    statements.write_text(json.dumps({}))

    def start(settings: Settings) -> subprocess.Popen[bytes]:
        assert settings.database_url
        script = Path(__file__).with_name("bare.py")
        command = [sys.executable, str(script), settings.database_url.reveal(), str(settings.port), str(statements)]
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return start


if __name__ == "__main__":
    asyncio.run(main())
