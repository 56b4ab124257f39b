"""The published SDK, through each of its calls that sends a request: the service, Postgres and Ray are real."""

import asyncio
import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID, uuid4

import pytest
import requests
from lumigator_schemas.datasets import DatasetFormat, DatasetResponse
from lumigator_schemas.experiments import ExperimentCreate
from lumigator_schemas.jobs import (
    JobAnnotateConfig,
    JobCreate,
    JobEvalConfig,
    JobInferenceConfig,
    JobResponse,
    JobStatus,
    JobType,
)
from lumigator_schemas.secrets import SecretUploadRequest
from lumigator_schemas.workflows import WorkflowCreateRequest, WorkflowDetailsResponse, WorkflowStatus
from lumigator_sdk.experiments import Experiments
from lumigator_sdk.health import Health
from lumigator_sdk.jobs import Jobs
from lumigator_sdk.lm_datasets import Datasets
from lumigator_sdk.lumigator import LumigatorClient
from lumigator_sdk.models import Models
from lumigator_sdk.settings_secrets import Secrets
from lumigator_sdk.workflows import Workflows

P = ParamSpec("P")
T = TypeVar("T")

RESOURCES = (Health, Datasets, Jobs, Experiments, Workflows, Models, Secrets)
SAMPLES_USED = 5
LOOK_EVERY_SECONDS = 0.2
LOOKS = 900
LEAD = {"model": "lead-1", "provider": "baseline"}


async def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In a thread: the service answers on the loop of the test."""
    return await asyncio.to_thread(function, *args, **kwargs)


async def fetch(url: str) -> requests.Response:
    answer = await call(requests.get, url, timeout=10)
    answer.raise_for_status()
    return answer


async def upload(sdk: LumigatorClient, path: Path) -> DatasetResponse:
    with path.open("rb") as file:
        return await call(sdk.datasets.create_dataset, file, DatasetFormat.JOB)


async def start(sdk: LumigatorClient, dataset: UUID, config: Any) -> JobResponse:
    job = JobCreate(name="of the SDK", dataset=dataset, max_samples=SAMPLES_USED, job_config=config)
    return await call(sdk.jobs.create_job, job)


async def done(sdk: LumigatorClient, job: JobResponse) -> dict[str, Any]:
    return await call(sdk.jobs.wait_for_job, job.id, retries=LOOKS, poll_wait=LOOK_EVERY_SECONDS)


async def refused(function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> int:
    """The status with which the call is refused."""
    with pytest.raises(requests.HTTPError) as failure:
        await call(function, *args, **kwargs)
    return failure.value.response.status_code


async def test_health_is_ok(sdk: LumigatorClient) -> None:
    check = await call(sdk.health.healthcheck)
    assert check is not None and check.ok()
    assert check.deployment_type == "local"


async def test_datasets_are_uploaded_read_linked_and_deleted(sdk: LumigatorClient, sample: Path) -> None:
    dataset = await upload(sdk, sample)
    assert (dataset.filename, dataset.ground_truth) == (sample.name, True)
    assert dataset.size == sample.stat().st_size
    assert await call(sdk.datasets.get_dataset, dataset.id) == dataset
    assert dataset in (await call(sdk.datasets.get_datasets)).items

    links = await call(sdk.datasets.get_dataset_link, dataset.id)
    assert len(links.download_urls) == 4
    only_csv = await call(sdk.datasets.get_dataset_link, dataset.id, " CSV ")
    assert len(only_csv.download_urls) == 1
    rows = csv.DictReader((await fetch(only_csv.download_urls[0])).text.splitlines(keepends=True))
    assert list(rows) == list(csv.DictReader(sample.read_text().splitlines(keepends=True)))

    await call(sdk.datasets.delete_dataset, dataset.id)
    assert await refused(sdk.datasets.get_dataset, dataset.id) == 404


async def test_a_text_is_uploaded_as_a_file_named_dataset(sdk: LumigatorClient) -> None:
    text: Any = "examples,ground_truth\nGood morning to you,Greeting\n"
    assert (await call(sdk.datasets.create_dataset, text, DatasetFormat.JOB)).filename == "dataset"


async def test_an_inference_runs_on_the_cluster_and_leaves_a_result_and_a_dataset(
    sdk: LumigatorClient, sample: Path
) -> None:
    dataset = await upload(sdk, sample)
    job = await start(sdk, dataset.id, JobInferenceConfig(**LEAD, store_to_dataset=True))
    assert (job.status, job.job_type) == (JobStatus.CREATED, JobType.INFERENCE)
    assert (await done(sdk, job))["status"] == "SUCCEEDED"

    found = await call(sdk.jobs.get_job, job.id)
    assert (found.id, found.status, found.submission_id) == (job.id, JobStatus.SUCCEEDED, str(job.id))
    assert found.config is not None and found.config["dataset"] == {"id": str(dataset.id), "name": sample.name}
    assert (await call(sdk.jobs.get_job_result, job.id)).job_id == job.id

    results = (await fetch((await call(sdk.jobs.get_job_download, job.id)).download_url)).json()
    assert len(results["artifacts"]["predictions"]) == SAMPLES_USED
    made = await call(sdk.jobs.get_job_dataset, job.id)
    assert (made.run_id, made.generated, made.generated_by) == (job.id, True, "lead-1")

    assert job.id in {one.id for one in (await call(sdk.jobs.get_jobs)).items}
    assert job.id in {one.id for one in (await call(sdk.jobs.get_jobs_per_type, JobType.INFERENCE)).items}
    assert job.id not in {one.id for one in (await call(sdk.jobs.get_jobs_per_type, JobType.ANNOTATION)).items}


async def test_an_annotation_writes_the_ground_truth_of_a_new_dataset(sdk: LumigatorClient) -> None:
    text: Any = "examples\nThe train is late. It always is.\nChapter three needs figures. Soon.\n"
    dataset = await call(sdk.datasets.create_dataset, text, DatasetFormat.JOB)
    assert not dataset.ground_truth
    job = await start(sdk, dataset.id, JobAnnotateConfig(**LEAD))
    assert await refused(sdk.jobs.get_job_dataset, job.id) == 422
    await done(sdk, job)
    made = await call(sdk.jobs.get_job_dataset, job.id)
    assert (made.filename, made.ground_truth) == ("dataset-annotated.csv", True)


async def test_an_evaluation_scores_predictions(sdk: LumigatorClient) -> None:
    text: Any = "examples,ground_truth,predictions\nGood morning to you,A greeting,A greeting\n"
    dataset = await call(sdk.datasets.create_dataset, text, DatasetFormat.JOB)
    job = await start(sdk, dataset.id, JobEvalConfig(metrics={"rouge"}))
    await done(sdk, job)
    results = (await fetch((await call(sdk.jobs.get_job_download, job.id)).download_url)).json()
    assert results["metrics"]["rouge"]["rouge1_mean"] == 1.0
    assert await refused(sdk.jobs.get_job_dataset, job.id) == 422


async def test_waiting_for_a_job_that_fails_says_so(sdk: LumigatorClient) -> None:
    text: Any = "examples\nGood morning to you\n"
    dataset = await call(sdk.datasets.create_dataset, text, DatasetFormat.JOB)
    job = await start(sdk, dataset.id, JobInferenceConfig(model="no-such-baseline", provider="baseline"))
    with pytest.raises(Exception, match="failed"):
        await done(sdk, job)
    assert (await call(sdk.jobs.get_job, job.id)).status == JobStatus.FAILED


async def test_unknown_things_are_not_found(sdk: LumigatorClient) -> None:
    nobody = uuid4()
    for read in (sdk.jobs.get_job, sdk.jobs.get_job_result, sdk.jobs.get_job_download, sdk.datasets.get_dataset_link):
        assert await refused(read, nobody) == 404
    job = JobCreate(name="of the SDK", dataset=nobody, job_config=JobInferenceConfig(**LEAD))
    assert await refused(sdk.jobs.create_job, job) == 404
    assert await refused(sdk.experiments.get_experiment, "no-such-experiment") == 404
    assert await refused(sdk.workflows.get_workflow, nobody.hex) == 404


async def test_an_experiment_runs_a_workflow_to_its_end(sdk: LumigatorClient, sample: Path) -> None:
    dataset = await upload(sdk, sample)
    wanted = ExperimentCreate(
        name=f"Of the SDK, {sample.name}", description="d", dataset=dataset.id, max_samples=SAMPLES_USED
    )
    experiment = await call(sdk.experiments.create_experiment, wanted)
    assert (experiment.name, experiment.workflows) == (wanted.name, [])
    request = WorkflowCreateRequest(name="leads", experiment_id=experiment.id, **LEAD, metrics=["rouge", "bleu"])
    workflow = await call(sdk.workflows.create_workflow, request)
    assert workflow.status == WorkflowStatus.CREATED

    ended = await ended_workflow(sdk, workflow.id)
    assert ended.status == WorkflowStatus.SUCCEEDED
    assert ended.metrics is not None and {"rouge_rougeL_mean", "bleu_bleu_mean"} <= ended.metrics.keys()
    assert ended.jobs is not None and len(ended.jobs) == 2
    assert ended.artifacts_download_url is not None
    compiled = (await fetch(ended.artifacts_download_url)).json()
    assert len(compiled["artifacts"]["predictions"]) == len(compiled["metrics"]["rouge"]["rougeL"]) == SAMPLES_USED
    logs = await call(sdk.workflows.get_workflow_logs, workflow.id)
    assert logs is not None and logs.logs is not None and "Inference results stored at" in logs.logs

    found = await call(sdk.experiments.get_experiment, experiment.id)
    assert found is not None and found.workflows == [ended]
    assert found in (await call(sdk.experiments.get_experiments)).items
    await call(sdk.experiments.delete_experiment, experiment.id)
    assert await refused(sdk.experiments.get_experiment, experiment.id) == 404


async def test_models_are_suggested_by_task(sdk: LumigatorClient) -> None:
    everything = await call(sdk.models.get_suggested_models)
    summarizing = await call(sdk.models.get_suggested_models, ["summarization"])
    both = await call(sdk.models.get_suggested_models, ["summarization", "translation"])
    assert (everything.total, summarizing.total, both.total) == (14, 8, 14)


async def test_secrets_are_stored_listed_by_name_and_deleted(sdk: LumigatorClient) -> None:
    secrets, key = sdk.settings.secrets, Secrets.APIKey.MISTRAL
    assert await call(secrets.upload_secret, "My_Secret", SecretUploadRequest(value="v", description="mine"))
    assert await call(secrets.upload_secret, "my_secret", SecretUploadRequest(value="w", description="still mine"))
    assert await call(secrets.upload_api_key, key, "not a real key")
    listed = {secret.name: secret.description for secret in await call(secrets.list_secrets)}
    assert listed == {"my_secret": "still mine", key.name: key.description}
    assert [secret.name for secret in await call(secrets.list_api_keys)] == [key.name]
    assert await call(secrets.is_secret_configured, "MY_SECRET")
    assert await call(secrets.is_api_key_configured, key)

    assert await call(secrets.delete_secret, "My_Secret")
    assert await call(secrets.delete_api_key, key)
    assert await call(secrets.list_secrets) == []


async def test_deleting_a_workflow_gets_no_further_than_the_sdk(sdk: LumigatorClient) -> None:
    with pytest.raises(TypeError, match="params"):
        await call(sdk.workflows.delete_workflow, "any")


def test_no_call_of_the_sdk_is_left_out() -> None:
    here = Path(__file__).read_text()
    calls = [name for kind in RESOURCES for name in vars(kind) if not name.startswith("_") and name.islower()]
    assert len(calls) > 30
    assert [name for name in calls if f".{name}" not in here] == []


async def ended_workflow(sdk: LumigatorClient, workflow_id: str) -> WorkflowDetailsResponse:
    deadline = time.monotonic() + LOOKS * LOOK_EVERY_SECONDS
    while time.monotonic() < deadline:
        seen = await call(sdk.workflows.get_workflow, workflow_id)
        if seen is not None and seen.status in (WorkflowStatus.SUCCEEDED, WorkflowStatus.FAILED):
            return seen
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    raise AssertionError("the workflow did not end in time")
