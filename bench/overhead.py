"""How much longer a workflow takes than its two programs submitted to the same warm Ray by hand.

The workflow goes the whole way: POST, rows, dispatcher, Ray, results, seen by polling the API. By hand the same two
configs, under ids and places of their own, are submitted to Ray's Jobs API, the second when the first has ended, and
Ray is polled. Both are polled every 50 ms.
"""

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import msgspec
from measure import Bound, interleaved, read_options, tell, tell_load, tell_machine, tell_pairs, until_quiet
from service import bench_folder, parts_in, served
from texts import write_rows

from touchstone.settings import Settings
from touchstone_jobs import wire

CEILING = Bound("at most", 1.15)
ROWS, FEW_ROWS = 1_000, 20
METRICS = ["rouge", "bleu", "meteor"]
POLL_SECONDS = 0.05
LONGEST_SECONDS = 300


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("overhead.py")
    async with bench_folder() as folder, parts_in(folder / "data", ray=True) as (_, settings):
        file = folder / "dialogues.csv"
        write_rows(file, FEW_ROWS if options.quick else ROWS)
        async with served(settings, folder), httpx.AsyncClient(base_url=settings.api_url, timeout=60) as http:
            workflows = Workflows(http, settings)
            await workflows.prepare(file)
            await workflows.run()  # Ray's first workers start, and bytecode is written
            by_hand = ByHand(settings, workflows.configs)
            await by_hand.run()
            await until_quiet(options)
            pairs = await interleaved(workflows.run, by_hand.run, options.pairs)
            await by_hand.close()
        print(f"# {FEW_ROWS if options.quick else ROWS} rows, lead-3, metrics {', '.join(METRICS)}")
        tell_pairs("workflow against Ray by hand", pairs, CEILING, "s")
        tell("what the service adds", [pair.candidate - pair.baseline for pair in pairs], unit="s")
        tell_load("after")


class Workflows:
    """Runs workflow after workflow; `configs` are what the last one's two attempts were told."""

    def __init__(self, http: httpx.AsyncClient, settings: Settings) -> None:
        self.http = http
        self.store = settings.store_folder
        self.configs: list[wire.JobConfig] = []
        self.experiment = ""

    async def prepare(self, file: Path) -> None:
        with file.open("rb") as body:
            dataset = await self._post("datasets", files={"dataset": (file.name, body)}, data={"format": "job"})
        experiment = await self._post("experiments", json={"name": "bench", "dataset": dataset["id"]})
        self.experiment = experiment["id"]

    async def run(self) -> float:
        """Seconds from the POST until the API says that the workflow succeeded."""
        wanted = {"name": "bench", "model": "lead-3", "provider": "baseline", "metrics": METRICS}
        began = time.perf_counter()
        workflow = await self._post("workflows", json={**wanted, "experiment_id": self.experiment})
        seen = await self._until_ended(workflow["id"])
        seconds = time.perf_counter() - began
        if seen["status"] != "succeeded":
            raise RuntimeError(f"the workflow failed: {seen['failure_reason']}")
        self.configs = [self._config(job["id"]) for job in reversed(seen["jobs"])]
        return seconds

    async def _until_ended(self, workflow_id: str) -> dict[str, Any]:
        async with asyncio.timeout(LONGEST_SECONDS):
            while True:
                answer = await self.http.get(f"/api/v1/workflows/{workflow_id}")
                seen = answer.raise_for_status().json()
                if seen["status"] in ("succeeded", "failed"):
                    return seen
                await asyncio.sleep(POLL_SECONDS)

    async def _post(self, noun: str, **request: Any) -> dict[str, Any]:
        answer = await self.http.post(f"/api/v1/{noun}/", **request)
        return answer.raise_for_status().json()

    def _config(self, job_id: str) -> wire.JobConfig:
        return msgspec.json.decode((self.store / f"jobs/work/{job_id}/1/config.json").read_bytes(), type=wire.JobConfig)


class ByHand:
    """Submits an inference and an evaluation to Ray's Jobs API."""

    def __init__(self, settings: Settings, configs: list[wire.JobConfig]) -> None:
        assert settings.ray_url and settings.ray_token
        self.ray = httpx.AsyncClient(
            base_url=settings.ray_url, timeout=60, headers={"Authorization": f"Bearer {settings.ray_token.reveal()}"}
        )
        self.folder = settings.store_folder / "by-hand"
        self.inference, self.evaluation = configs

    async def close(self) -> None:
        await self.ray.aclose()

    async def run(self) -> float:
        """Seconds from the first submission until Ray says that the second has succeeded."""
        place = self.folder / uuid.uuid4().hex
        inference, evaluation = self._configs(place)
        began = time.perf_counter()
        for config in (inference, evaluation):
            await self._submitted(config, place / config.kind / "config.json")
        return time.perf_counter() - began

    def _configs(self, place: Path) -> tuple[wire.JobConfig, wire.JobConfig]:
        """As the service made them, but for ids and places."""
        made = wire.DatasetTarget(id=str(uuid.uuid4()), name="made.csv", folder_uri=_uri(place / "dataset"))
        inference = _placed(self.inference, place, target=made)
        compilation = wire.Compilation(
            inference_results_uri=inference.results_uri, compiled_uri=_uri(place) + "compiled.json"
        )
        source = msgspec.structs.replace(self.evaluation.dataset, id=made.id, folder_uri=made.folder_uri)
        return inference, _placed(self.evaluation, place, dataset=source, compilation=compilation)

    async def _submitted(self, config: wire.JobConfig, file: Path) -> None:
        file.parent.mkdir(parents=True)
        file.write_bytes(msgspec.json.encode(config))
        variables = {wire.CONFIG_VARIABLE: f"file://{file}"}
        request = {"entrypoint": wire.ENTRYPOINT, "entrypoint_num_cpus": 0, "runtime_env": {"env_vars": variables}}
        answer = await self.ray.post("/api/jobs/", json={"submission_id": config.job_id, **request})
        answer.raise_for_status()
        async with asyncio.timeout(LONGEST_SECONDS):
            while (status := await self._status(config.job_id)) in ("PENDING", "RUNNING"):
                await asyncio.sleep(POLL_SECONDS)
        if status != "SUCCEEDED":
            raise RuntimeError(f"the {config.kind} by hand ended as {status}")

    async def _status(self, submission_id: str) -> str:
        return (await self.ray.get(f"/api/jobs/{submission_id}")).raise_for_status().json()["status"]


def _placed(config: wire.JobConfig, place: Path, **changes: Any) -> wire.JobConfig:
    folder = place / config.kind
    return msgspec.structs.replace(
        config,
        job_id=str(uuid.uuid4()),
        work_uri=_uri(folder),
        attempt_uri=_uri(folder / "1"),
        results_uri=_uri(folder / "1") + "results.json",
        **changes,
    )


def _uri(folder: Path) -> str:
    return f"file://{folder}/"


if __name__ == "__main__":
    asyncio.run(main())
