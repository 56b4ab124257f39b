"""Rows as clients see them."""

from typing import Any

from touchstone.adapters.object_store import ObjectStore
from touchstone.domains.jobs.model import Progress
from touchstone.domains.workflows.model import WorkflowJob, WorkflowRow
from touchstone.domains.workflows.schemas import CreatedWorkflow, JobResults, WorkflowDetails

PATH_PARAMETER = {"inference": "inference_output_s3_path", "evaluation": "eval_output_s3_path"}


def created_workflow(row: WorkflowRow) -> CreatedWorkflow:
    return CreatedWorkflow(**_shared_fields(row))


def former_state(row: WorkflowRow) -> WorkflowDetails:
    """What deleting answers: nothing of the jobs any more."""
    return WorkflowDetails(**_shared_fields(row))


class WorkflowView:
    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    async def details(self, row: WorkflowRow) -> WorkflowDetails:
        parameters = [self._job_parameters(job) for job in row.jobs]
        url = await self.download_url(row) if row.compiled_key else None
        return WorkflowDetails(
            **_shared_fields(row),
            jobs=[_job_results(job, own) for job, own in zip(row.jobs, parameters, strict=True)],
            metrics={name: value for job in row.jobs for name, value in job.metrics.items()},
            parameters=_union(row.jobs, parameters),
            artifacts_download_url=url,
            failure_reason=row.failure_reason,
            progress=overall_progress(row.jobs),
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    async def download_url(self, row: WorkflowRow) -> str:
        return await self.store.download_url(row.compiled_key or "", filename="compiled.json")

    def _job_parameters(self, job: WorkflowJob) -> dict[str, str]:
        path = {PATH_PARAMETER[job.step]: self.store.uri(job.results_key)} if job.results_key else {}
        return {"ray_job_id": str(job.id), **path}


def _job_results(job: WorkflowJob, parameters: dict[str, str]) -> JobResults:
    return JobResults(
        id=job.id,
        metrics=[{"name": name, "value": value} for name, value in job.metrics.items()],
        parameters=[{"name": name, "value": value} for name, value in parameters.items()],
    )


def _union(jobs: list[WorkflowJob], parameters: list[dict[str, str]]) -> dict[str, Any]:
    """A name that an earlier job has too is kept once more, with that step before it."""
    union: dict[str, Any] = {}
    for job, own in zip(jobs, parameters, strict=True):
        for name, value in own.items():
            if name in union:
                union[f"{job.step}_{name}"] = value
            union[name] = value
    return union


def overall_progress(jobs: list[WorkflowJob]) -> Progress | None:
    """The sum over the jobs; the rate is that of the one that runs."""
    total: Progress | None = None
    for job in jobs:
        if (one := job.progress) is None:
            continue
        total = total or Progress()
        total.done += one.done
        total.total += one.total
        total.failed += one.failed
        if not total.rate_per_second and not job.status.is_final:
            total.rate_per_second = one.rate_per_second
    return total


def _shared_fields(row: WorkflowRow) -> dict[str, Any]:
    return {
        "id": row.id.hex,
        "experiment_id": str(row.experiment_id),
        "model": row.model,
        "name": row.name,
        "description": row.description,
        "system_prompt": row.system_prompt,
        "status": row.status,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
