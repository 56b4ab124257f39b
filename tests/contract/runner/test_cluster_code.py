"""A job as the service sends it: what Ray leaves in the object store, and what the canned work of the fake leaves."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from tests.contract.runner.harness import RayHarness, ended
from tests.fakes.cluster_code import CannedJobs
from tests.fakes.runner import FakeRunner

from touchstone.adapters.local_store import LocalStore
from touchstone.adapters.runner import Run, Runner, RunStatus, Submission
from touchstone_jobs import dataset_files, wire

ROWS = [
    {"examples": "#A#: The train is late again. #B#: It always is on Mondays.", "ground_truth": "The train is late."},
    {"examples": "#A#: Did you read my report? #B#: Chapter three needs figures.", "ground_truth": "Figures needed."},
]
METRICS = ["rouge", "bleu"]


class Job:
    """One job id, its objects, and a way to run an attempt of it."""

    def __init__(self, runner: Runner, store: LocalStore) -> None:
        self.runner = runner
        self.store = store
        self.id = str(uuid.uuid4())

    async def run(self, name: str, kind: wire.JobKind, dataset: wire.DatasetSource, **settings: Any) -> Run:
        config = wire.JobConfig(
            job_id=self.id,
            attempt=1,
            kind=kind,
            name=name,
            dataset=dataset,
            work_uri=self.store.uri(f"jobs/{self.id}/"),
            attempt_uri=self.store.uri(f"jobs/{self.id}/1/"),
            results_uri=self.store.uri(f"results/{self.id}/results.json"),
            report={"name": name},
            **settings,
        )
        key = f"jobs/{self.id}/1/config.json"
        await self.store.put(key, msgspec.json.encode(config))
        submission = Submission(id=f"{self.id}-1", config_uri=self.store.uri(key))
        await self.runner.submit(submission)
        return await ended(self.runner, submission.id)

    async def outcome(self) -> wire.Outcome:
        return msgspec.json.decode(await self.store.get(f"jobs/{self.id}/1/outcome.json"), type=wire.Outcome)

    async def results(self) -> dict[str, Any]:
        return msgspec.json.decode(await self.store.get(f"results/{self.id}/results.json"))


@pytest.fixture
async def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "objects")


@pytest.fixture(params=["fake", "ray"])
async def runner(request: pytest.FixtureRequest, store: LocalStore) -> AsyncIterator[Runner]:
    if request.param == "fake":
        canned = CannedJobs(store)
        yield FakeRunner(script=canned.fate, work=canned.work)
        return
    async with RayHarness(*request.getfixturevalue("ray_address"), entrypoint=wire.ENTRYPOINT) as harness:
        yield harness.runner


@pytest.fixture
async def dataset(store: LocalStore, tmp_path: Path) -> wire.DatasetSource:
    folder = tmp_path / "dataset"
    folder.mkdir()
    dataset_files.write_dataset([pa.RecordBatch.from_pylist(ROWS)], folder)
    for file in dataset_files.FILES:
        await store.put_file(f"datasets/one/{file}", folder / file)
    return wire.DatasetSource(id="one", name="one.csv", folder_uri=store.uri("datasets/one/"))


def inference() -> wire.InferenceSettings:
    task, generation = wire.TaskDefinition(), wire.GenerationSettings()
    return wire.InferenceSettings(model="lead-1", provider="baseline", task=task, generation=generation)


def target(store: LocalStore) -> wire.DatasetTarget:
    return wire.DatasetTarget(id="two", name="two.csv", folder_uri=store.uri("datasets/two/"))


async def test_an_inference_leaves_results_a_dataset_and_an_outcome(runner, store, dataset):
    job = Job(runner, store)
    run = await job.run("an inference", "inference", dataset, inference=inference(), target=target(store))
    assert (run.status, run.driver_exit_code) == (RunStatus.SUCCEEDED, 0)
    outcome, results = await job.outcome(), await job.results()
    assert outcome.succeeded and outcome.attempt == 1
    assert (outcome.progress.done, outcome.progress.total) == (2, 2)
    assert outcome.dataset and outcome.dataset.ground_truth
    assert (outcome.dataset.rows, outcome.dataset.columns) == (2, ["examples", "ground_truth", "predictions"])
    assert results["parameters"] == {"name": "an inference"}
    assert set(results["artifacts"]) == {
        *("examples", "predictions", "ground_truth", "reasoning", "inference_metrics", "errors"),
        *("latency_seconds", "totals", "model", "inference_time"),
    }
    assert results["artifacts"]["examples"] == [row["examples"] for row in ROWS]
    assert all(results["artifacts"]["predictions"])
    assert [found.key async for found in store.list("datasets/two/")] == [
        f"datasets/two/{file}" for file in sorted(dataset_files.FILES)
    ]


async def test_an_evaluation_in_a_workflow_leaves_metrics_and_the_compiled_results(runner, store, dataset):
    first = Job(runner, store)
    await first.run("predictions", "inference", dataset, inference=inference(), target=target(store))
    made = wire.DatasetSource(id="two", name="two.csv", folder_uri=store.uri("datasets/two/"))
    compilation = wire.Compilation(
        inference_results_uri=store.uri(f"results/{first.id}/results.json"), compiled_uri=store.uri("compiled.json")
    )
    settings = wire.EvaluationSettings(metrics=METRICS, task=wire.TaskDefinition())
    second = Job(runner, store)
    run = await second.run("an evaluation", "evaluator", made, evaluation=settings, compilation=compilation)
    assert run.status is RunStatus.SUCCEEDED
    outcome, results = await second.outcome(), await second.results()
    assert set(outcome.metrics) == {
        *(f"rouge_{member}_mean" for member in ("rouge1", "rouge2", "rougeL", "rougeLsum")),
        "bleu_bleu_mean",
    }
    assert set(results["metrics"]) == set(wire.CONTRACT_METRICS)
    assert {name for name, value in results["metrics"].items() if value} == set(METRICS)
    assert set(results["artifacts"]) == {"predictions", "ground_truth", "evaluation_time"}
    compiled = msgspec.json.decode(await store.get("compiled.json"))
    assert compiled["metrics"] == results["metrics"]
    assert compiled["parameters"] == {"name": "predictions"}
    assert set(compiled["artifacts"]) == {*results["artifacts"], *(await first.results())["artifacts"]}


async def test_a_job_that_fails_leaves_an_outcome_that_says_why(runner, store, dataset):
    job = Job(runner, store)
    settings = msgspec.structs.replace(inference(), model="no-such-baseline")
    run = await job.run("fail me", "inference", dataset, inference=settings, target=target(store))
    assert (run.status, run.driver_exit_code) == (RunStatus.FAILED, 1)
    outcome = await job.outcome()
    assert not outcome.succeeded
    assert outcome.failure and outcome.failure.code and outcome.failure.message
    assert [found async for found in store.list("results/")] == []


async def test_an_evaluation_says_when_the_ground_truth_is_missing(runner, store, tmp_path):
    folder = tmp_path / "without"
    folder.mkdir()
    dataset_files.write_dataset([pa.RecordBatch.from_pylist([{"examples": "one", "predictions": "1"}])], folder)
    for file in dataset_files.FILES:
        await store.put_file(f"datasets/three/{file}", folder / file)
    dataset = wire.DatasetSource(id="three", name="three.csv", folder_uri=store.uri("datasets/three/"))
    job = Job(runner, store)
    settings = wire.EvaluationSettings(metrics=METRICS, task=wire.TaskDefinition())
    run = await job.run("an evaluation", "evaluator", dataset, evaluation=settings)
    assert run.status is RunStatus.FAILED
    outcome = await job.outcome()
    assert outcome.failure and outcome.failure.code == "missing_ground_truth"
