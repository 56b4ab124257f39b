"""How fast a CSV of 50 MB, and one of 1 GB, is received, checked and stored, and how the server's memory grows.

Sent by curl. The yardstick is a bare Litestar that receives the same multipart body and forgets it (`receive.py`).
Cluster code finds the keys of the rows from what is stored; that pass is timed too and added to the upload.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from measure import (
    Bound,
    Options,
    Pair,
    forget_peak,
    interleaved,
    peak_megabytes,
    read_options,
    resident_megabytes,
    tell,
    tell_load,
    tell_machine,
    tell_pairs,
    until_quiet,
)
from service import bench_folder, end, parts_in, served, until_ready, with_changes
from texts import write_csv

from touchstone.command_line.http_server import free_port
from touchstone.settings import Settings
from touchstone_jobs.dataset_files import ARROW_FILE, row_keys

SPEED = Bound("at least", 40, "MB/s")
GROWTH = Bound("at most", 64, "MB")
LARGEST_PAIRS = 3
SIZES = {"50 MB": 50_000_000, "1 GB": 1_000_000_000}
SMALL_SIZES = {"50 MB, quick": 2_000_000, "1 GB, quick": 8_000_000}


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("upload.py")
    if shutil.which("curl") is None:
        print("curl is not installed; nothing is measured")
        return
    async with bench_folder() as folder, parts_in(folder / "data") as (_, settings):
        await until_quiet(options)
        for name, size in (SMALL_SIZES if options.quick else SIZES).items():
            file = folder / "dialogues.csv"
            await asyncio.to_thread(write_csv, file, size)
            await _measure(options, with_changes(settings, max_dataset_size=size), folder, file, name)
        tell_load("after")


async def _measure(options: Options, settings: Settings, folder: Path, file: Path, name: str) -> None:
    async with served(settings, folder, "--no-worker") as process, _receiving(settings, folder) as receiving:
        uploads = Uploads(settings.api_url, settings.store_folder, file, process.pid)
        bare = Uploads(receiving.api_url, None, file, None)
        await uploads.run()
        first_growth, uploads.growths = uploads.growths[0], []
        uploads.key_seconds.clear()
        pairs = await interleaved(uploads.run, bare.run, _pairs(options, file))
    megabytes = file.stat().st_size / 1e6
    seconds = [megabytes / pair.candidate for pair in pairs]
    with_keys = [megabytes / (one + keys) for one, keys in zip(seconds, uploads.key_seconds, strict=True)]
    tell(f"{name}: received, checked, stored", [pair.candidate for pair in pairs], SPEED, "MB/s")
    tell(f"{name}: and the keys of its rows found", with_keys, SPEED, "MB/s")
    tell_pairs(f"{name}: against bare receipt", [Pair(*pair) for pair in pairs], None, "MB/s")
    tell(f"{name}: growth of the server's memory", uploads.growths, GROWTH, "MB")
    print(f"{name}: growth at the first upload, which loads pyarrow: {first_growth:.1f} MB", flush=True)


def _pairs(options: Options, file: Path) -> int:
    return options.pairs if file.stat().st_size < 500_000_000 else min(options.pairs, LARGEST_PAIRS)


class Uploads:
    """Uploads one file again and again to one service; deletes it afterwards where there is a store."""

    def __init__(self, url: str, store: Path | None, file: Path, pid: int | None) -> None:
        self.url = url
        self.store = store
        self.file = file
        self.pid = pid
        self.growths: list[float] = []
        self.key_seconds: list[float] = []

    async def run(self) -> float:
        """Megabytes a second."""
        before = resident_megabytes(self.pid) if self.pid else 0.0
        if self.pid:
            forget_peak(self.pid)
        began = time.perf_counter()
        answer = await self._send()
        seconds = time.perf_counter() - began
        if self.pid:
            self.growths.append(peak_megabytes(self.pid) - before)
        if self.store:
            self.key_seconds.append(await asyncio.to_thread(_find_keys, self.store, answer["id"]))
            async with httpx.AsyncClient(base_url=self.url, timeout=60) as http:
                (await http.delete(f"/api/v1/datasets/{answer['id']}")).raise_for_status()
        return self.file.stat().st_size / 1e6 / seconds

    async def _send(self) -> dict[str, str]:
        command = ["curl", "--silent", "--show-error", "--fail-with-body", "--form", f"dataset=@{self.file}"]
        command += ["--form", "format=job", "--header", "Expect:", f"{self.url}/api/v1/datasets"]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        printed, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"the upload failed: {printed.decode()}")
        return json.loads(printed)


def _find_keys(store: Path, dataset_id: str) -> float:
    """Seconds of a pass over the rows, as cluster code makes it."""
    arrow = next(store.glob(f"datasets/{dataset_id}/*/{ARROW_FILE}"))
    began = time.perf_counter()
    for _ in row_keys(arrow):
        pass
    return time.perf_counter() - began


@asynccontextmanager
async def _receiving(settings: Settings, folder: Path) -> AsyncGenerator[Settings]:
    bare = with_changes(settings, port=free_port())
    script = str(Path(__file__).with_name("receive.py"))
    process = subprocess.Popen([sys.executable, script, str(bare.port)], cwd=folder)
    try:
        await until_ready(bare, process)
        yield bare
    finally:
        await end(process)


if __name__ == "__main__":
    asyncio.run(main())
