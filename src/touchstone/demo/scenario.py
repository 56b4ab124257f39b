"""The steps of the demo, on a service that already runs."""

import asyncio
import datetime as dt
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

from touchstone.demo.client import TIMEOUT, Client, Dataset, Workflow
from touchstone.demo.display import Display
from touchstone.demo.report import DemoReport, ModelReport, Sample, path_in
from touchstone.demo.sample import UnfitFile

MODELS = ("lead-1", "lead-3")
METRICS = ["rouge", "bleu", "meteor", "token_length"]
LOOK_EVERY_SECONDS = 0.4
LOG_LINES = 20


class Compiled(msgspec.Struct):
    """The part of a workflow's results that the demo shows."""

    artifacts: dict[str, Any] = {}


async def run_scenario(api_url: str, file: Path, store: Path | None, display: Display) -> DemoReport:
    """Uploads the file, runs the models on it and waits for both. Raises UnfitFile and RequestFailed."""
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=api_url, timeout=TIMEOUT, trust_env=False) as http:
        client = Client(http)
        dataset = await _upload(client, file, display)
        experiment = await client.create_experiment(_name(file), dataset)
        display.step(f"Created experiment {experiment.id}: {experiment.name}")
        workflows = [await client.start_workflow(experiment, model, METRICS) for model in MODELS]
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(_wait(client, workflow, display)) for workflow in workflows]
        reports = [await _describe(client, wait.result(), store) for wait in waits]
        sample = await _sample(client, reports)
    return DemoReport(dataset, experiment, reports, time.monotonic() - began, sample)


def _name(file: Path) -> str:
    """Names of experiments are taken once: the time tells one demo from the next."""
    return f"Demo {file.name} {dt.datetime.now().astimezone():%Y-%m-%d %H:%M:%S}"


async def _upload(client: Client, file: Path, display: Display) -> Dataset:
    dataset = await client.upload(file)
    if not dataset.ground_truth:
        await client.delete(dataset)
        raise UnfitFile(path=file, reason="some rows have no reference in `ground_truth`; the demo needs one for each")
    display.step(f"Uploaded {dataset.filename} as dataset {dataset.id}")
    return dataset


async def _wait(client: Client, workflow: Workflow, display: Display) -> Workflow:
    """The service ends a workflow that takes too long, so this needs no limit of its own."""
    while True:
        seen = await client.workflow(workflow.id)
        display.show(seen)
        if seen.has_ended:
            return seen
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def _describe(client: Client, workflow: Workflow, store: Path | None) -> ModelReport:
    report = ModelReport(workflow.model, workflow.id, workflow.status, workflow.metrics or {})
    if workflow.status == "succeeded":
        report.results_path = path_in(store, workflow.id)
        return report
    reason = workflow.failure_reason.message if workflow.failure_reason else "no reason given"
    last_lines = (await client.logs(workflow.id)).splitlines()[-LOG_LINES:]
    report.failure = "\n".join([reason, *last_lines])
    return report


async def _sample(client: Client, reports: list[ModelReport]) -> Sample | None:
    """The first row, read back through the download links."""
    sample: Sample | None = None
    for report in reports:
        if report.status != "succeeded":
            continue
        results = await client.download(await client.results_url(report.workflow_id))
        found = msgspec.json.decode(results, type=Compiled).artifacts
        sample = sample or Sample(found["examples"][0], found["ground_truth"][0], {})
        sample.predictions[report.model] = found["predictions"][0]
    return sample
