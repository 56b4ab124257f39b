"""Answers a second from an endpoint with 500 ms latency at concurrency 64, and the memory of an inference job.

Three ways to ask the same: the cluster code's predictor, a bare aiohttp client with 64 callers, and one call at a
time, which is measured on a few samples only. The memory is the most that the job's process ever had, from 2,000
and from 50,000 samples, on an endpoint that answers at once.
"""

import asyncio
import contextlib
import itertools
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp
import msgspec
import pyarrow as pa
from measure import (
    Bound,
    Options,
    interleaved,
    peak_megabytes,
    read_options,
    tell,
    tell_load,
    tell_machine,
    tell_pairs,
    until_quiet,
)
from service import bench_folder
from texts import rows

from touchstone.command_line.http_server import free_port
from touchstone_jobs import wire
from touchstone_jobs.completions import endpoint_of
from touchstone_jobs.dataset_files import write_dataset
from touchstone_jobs.inference.endpoint import EndpointPredictor
from touchstone_jobs.inference.samples import Answer, Sample

OVER_BARE = Bound("at least", 0.85)
OVER_ONE = Bound("at least", 30)
LATENCY_SECONDS = 0.5
CONCURRENCY = 64
PROMPT = "Summarise the conversation in one sentence."


class Size(msgspec.Struct, frozen=True):
    """How many samples each part asks for."""

    timed: int
    one_by_one: int
    few: int
    many: int
    latency_seconds: float


FULL = Size(timed=2560, one_by_one=20, few=2_000, many=50_000, latency_seconds=LATENCY_SECONDS)
QUICK = Size(timed=256, one_by_one=5, few=200, many=1_000, latency_seconds=0.05)


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("inference.py")
    size = QUICK if options.quick else FULL
    await until_quiet(options)
    async with endpoint(size.latency_seconds) as url:
        await _measure_speed(options, size, url)
    async with endpoint(0.0) as url, bench_folder() as folder:
        await _measure_memory(options, size, url, folder)
    tell_load("after")


async def _measure_speed(options: Options, size: Size, url: str) -> None:
    asking = Asking(url, size)
    one_by_one: list[float] = []

    async def candidate() -> float:
        one_by_one.append(await asking.one_by_one())
        return await asking.with_predictor()

    pairs = await interleaved(candidate, asking.with_bare_client, options.pairs)
    what = f"{size.timed} samples, {size.latency_seconds * 1000:.0f} ms, {CONCURRENCY} at once"
    print(f"# {what}; one at a time: {size.one_by_one} samples")
    tell_pairs("cluster code against bare aiohttp", pairs, OVER_BARE, "answers/s")
    times = [pair.candidate / one for pair, one in zip(pairs, one_by_one, strict=True)]
    tell("cluster code against one at a time: ratio", times, OVER_ONE)
    tell("one at a time", one_by_one, unit="answers/s")


class Asking:
    """The same requests, asked for in different ways; each answers a rate per second."""

    def __init__(self, url: str, size: Size) -> None:
        self.url = url
        self.size = size
        self.texts = [example for example, _ in itertools.islice(rows(), 200)]

    async def with_predictor(self) -> float:
        settings = wire.InferenceSettings(
            model="m",
            provider="hosted_vllm",
            task=wire.TaskDefinition(),
            generation=wire.GenerationSettings(),
            system_prompt=PROMPT,
            concurrency=CONCURRENCY,
        )
        predictor = EndpointPredictor(endpoint_of("hosted_vllm", "m", self.url, None), settings)
        answered = 0

        async def record(answer: Answer) -> None:
            nonlocal answered
            if answer.text is None:
                raise RuntimeError(answer.error)
            answered += 1

        began = time.perf_counter()
        await predictor.answer_all(self._samples(self.size.timed), record)
        return answered / (time.perf_counter() - began)

    async def with_bare_client(self) -> float:
        return await self._bare(self.size.timed, CONCURRENCY)

    async def one_by_one(self) -> float:
        return await self._bare(self.size.one_by_one, 1)

    async def _bare(self, count: int, callers: int) -> float:
        samples, answered = self._samples(count), 0
        url = f"{self.url}/chat/completions"

        async def call(session: aiohttp.ClientSession) -> None:
            nonlocal answered
            for sample in samples:
                async with session.post(url, json=_body(sample.text)) as answer:
                    answered += bool((await answer.json())["choices"][0]["message"]["content"])

        began = time.perf_counter()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=callers)) as session:
            await asyncio.gather(*(call(session) for _ in range(callers)))
        return answered / (time.perf_counter() - began)

    def _samples(self, count: int) -> Iterator[Sample]:
        return (Sample(row=row, text=self.texts[row % len(self.texts)]) for row in range(count))


def _body(text: str) -> dict[str, object]:
    """What the predictor sends, too."""
    messages = [{"role": "system", "content": PROMPT}, {"role": "user", "content": text}]
    parameters = {"max_tokens": 1024, "frequency_penalty": 0.0, "temperature": 0.5, "top_p": 0.5}
    return {"model": "m", "messages": messages, **parameters}


async def _measure_memory(options: Options, size: Size, url: str, folder: Path) -> None:
    few, many = Job(folder / "few", size.few, url), Job(folder / "many", size.many, url)
    runs = 1 if options.quick else 3
    pairs = await interleaved(many.run, few.run, runs)
    tell_pairs(f"memory of a job of {size.many} samples against {size.few}", pairs, None, "MB")
    tell("growth from few to many samples", [pair.candidate - pair.baseline for pair in pairs], unit="MB")
    tell(f"{size.many} samples, the whole job", many.rates, unit="answers/s")


class Job:
    """An inference job on so many samples, run as the cluster runs it: as a process of its own."""

    def __init__(self, folder: Path, samples: int, url: str) -> None:
        self.folder = folder
        self.samples = samples
        self.url = url
        self.rates: list[float] = []
        self.dataset = folder / "dataset"
        self.dataset.mkdir(parents=True)
        write_dataset(_batches(samples), self.dataset)

    async def run(self) -> float:
        """Megabytes, the most that the process had resident."""
        config = self.folder / "config.json"
        config.write_bytes(msgspec.json.encode(self._config()))
        began = time.perf_counter()
        megabytes = await asyncio.to_thread(_peak_of_job, f"file://{quote(str(config))}", self.folder / "log")
        self.rates.append(self.samples / (time.perf_counter() - began))
        return megabytes

    def _config(self) -> wire.JobConfig:
        job_id = str(uuid.uuid4())
        place = f"file://{quote(str(self.folder))}/{job_id}/"
        settings = wire.InferenceSettings(
            model="m",
            provider="hosted_vllm",
            base_url=self.url,
            task=wire.TaskDefinition(),
            generation=wire.GenerationSettings(),
            system_prompt=PROMPT,
            concurrency=CONCURRENCY,
        )
        source = wire.DatasetSource(id=job_id, name="texts.csv", folder_uri=f"file://{quote(str(self.dataset))}/")
        return wire.JobConfig(
            job_id=job_id,
            attempt=1,
            kind="inference",
            name="bench",
            dataset=source,
            work_uri=place,
            attempt_uri=f"{place}1/",
            results_uri=f"{place}1/results.json",
            inference=settings,
        )


def _batches(count: int) -> Iterator[pa.RecordBatch]:
    texts = [example for example, _ in itertools.islice(rows(), 500)]
    for start in range(0, count, 1000):
        chosen = [f"{row} {texts[row % len(texts)]}" for row in range(start, min(start + 1000, count))]
        yield pa.RecordBatch.from_pydict({"examples": pa.array(chosen, pa.string())})


def _peak_of_job(config_uri: str, log: Path) -> float:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "touchstone_jobs"],
            env={**environment, wire.CONFIG_VARIABLE: config_uri},
            stdout=output,
            stderr=output,
        )
        megabytes = 0.0
        while process.poll() is None:  # what wait4 tells is no less than what we had ourselves when we forked
            with contextlib.suppress(OSError):
                megabytes = max(megabytes, peak_megabytes(process.pid))
            time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(f"the job failed: {log.read_text()[-2000:]}")
    return megabytes


@asynccontextmanager
async def endpoint(latency_seconds: float) -> AsyncGenerator[str]:
    """The base URL of an endpoint in a process of its own."""
    port = free_port()
    script = str(Path(__file__).with_name("endpoint.py"))
    process = subprocess.Popen([sys.executable, script, str(port), str(latency_seconds)])
    try:
        await _until_ready(f"http://127.0.0.1:{port}/ready", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 10)


async def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(30):
        while process.poll() is None:
            try:
                async with session.get(url) as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
    raise RuntimeError("the endpoint ended")


if __name__ == "__main__":
    asyncio.run(main())
