"""Rows as clients see them."""

from collections.abc import Callable
from datetime import datetime

from touchstone.domains.jobs.kinds import Layout, public_config, redacted
from touchstone.domains.jobs.model import JobRow, JobStatus
from touchstone.domains.jobs.schemas import Job, RayJob
from touchstone_jobs.wire import ENTRYPOINT

MESSAGES = {
    JobStatus.CREATED: "Job has not been submitted yet.",
    JobStatus.PENDING: "Job has not started yet.",
    JobStatus.RUNNING: "Job is currently running.",
    JobStatus.SUCCEEDED: "Job finished successfully.",
    JobStatus.STOPPED: "Job was intentionally stopped.",
    JobStatus.FAILED: "Job failed.",
}


class JobView:
    """Builds the contract's `Job` out of a row; asks nobody else."""

    def __init__(self, layout: Layout, uri: Callable[[str], str]) -> None:
        self.layout = layout
        self.uri = uri

    def job(self, row: JobRow) -> Job:
        run = row.run
        return Job(
            id=row.id,
            job_id=row.id,
            name=row.name,
            description=row.description,
            status=row.status,
            job_type=row.kind,
            created_at=row.created_at,
            updated_at=row.updated_at,
            submission_id=str(row.id),
            config=public_config(row, self.uri(self.layout.results(row.id, row.name))),
            message=message(row),
            error_type=run.error_type if run else None,
            start_time=row.started_at or row.submitted_at,
            end_time=row.finished_at,
            metadata={"job_type": row.kind},
            runtime_env=redacted(run.runtime_env) if run else {},
            driver_agent_http_address=run.driver_agent_http_address if run else None,
            driver_node_id=run.driver_node_id if run else None,
            driver_exit_code=run.driver_exit_code if run else None,
            workflow_id=row.workflow_id.hex if row.workflow_id else None,
            attempt=row.attempt,
            progress=row.progress,
            failure_reason=row.failure_reason,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    def ray_job(self, row: JobRow) -> RayJob:
        """In the form of Ray's own dashboard, for clients that poll there."""
        shown = JobStatus.PENDING if row.status is JobStatus.CREATED else row.status
        return RayJob(
            submission_id=str(row.id),
            job_id=None,
            type="SUBMISSION",
            status=shown.value.upper(),
            message=message(row),
            error_type=row.run.error_type if row.run else None,
            start_time=_milliseconds(row.started_at or row.submitted_at),
            end_time=_milliseconds(row.finished_at),
            metadata={"job_type": row.kind.value},
            runtime_env={},
            driver_exit_code=row.run.driver_exit_code if row.run else None,
            entrypoint=ENTRYPOINT,
        )


def message(row: JobRow) -> str:
    return row.failure_reason.message if row.failure_reason else MESSAGES[row.status]


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
