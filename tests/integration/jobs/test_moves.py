"""The moves that the model calls legal are the ones that the statements make."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from touchstone.adapters.runner import Run, RunStatus
from touchstone.database.executor import Database
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.datasets.repository import DatasetRepository, NewDatasetRow
from touchstone.domains.jobs.model import MOVES, FailureReason, JobKind, JobStatus
from touchstone.domains.jobs.repository import JobRepository, NewJobRow
from touchstone_jobs.wire import DatasetFacts

REASON = FailureReason(code="a_reason", message="A reason.")

PAIRS = [(before, after) for before in JobStatus for after in JobStatus if before is not after]


@pytest.fixture
async def job_in(database: Database) -> Callable[[JobStatus], Awaitable[UUID]]:
    """A job that was brought into a status, whichever way."""
    facts = DatasetFacts(rows=1, columns=["examples"], digest="0" * 64, ground_truth=False, size=1)
    dataset = NewDatasetRow(id=uuid4(), filename="texts.csv", folder="datasets/texts/", facts=facts)
    await DatasetRepository(database).insert(dataset)

    async def make(status: JobStatus) -> UUID:
        job = NewJobRow(
            id=uuid4(),
            kind=JobKind.INFERENCE,
            name="a job",
            description="",
            dataset_id=dataset.id,
            max_samples=-1,
            batch_size=1,
            config={},
            timeout_seconds=60,
        )
        await JobRepository(database).insert(job)
        await database.execute("update job set status = $2 where id = $1", job.id, status)
        return job.id

    return make


async def move(jobs: JobRepository, job_id: UUID, status: JobStatus) -> None:
    """By the statements that a dispatcher uses for it."""
    if status is JobStatus.CREATED:
        await jobs.requeue_if_active(job_id, 1, REASON, 0)
    elif status is JobStatus.PENDING:
        await jobs.mark_pending_if_created(job_id, 1)
        await jobs.note_run_if_active(job_id, 1, Run(id=str(job_id), status=RunStatus.PENDING))
    elif status is JobStatus.RUNNING:
        await jobs.note_run_if_active(job_id, 1, Run(id=str(job_id), status=RunStatus.RUNNING))
    else:
        await jobs.finish_if_active(job_id, 1, status, failure=REASON)


@pytest.mark.parametrize(("before", "after"), PAIRS)
async def test_a_job_moves_as_the_model_allows(
    database: Database, job_in: Callable[[JobStatus], Awaitable[UUID]], before: JobStatus, after: JobStatus
) -> None:
    jobs, job_id = JobRepository(database), await job_in(before)
    await move(jobs, job_id, after)
    assert (await jobs.get(job_id, EVERYTHING)).status == (after if after in MOVES[before] else before)


@pytest.mark.parametrize("after", JobStatus)
async def test_what_an_earlier_attempt_says_moves_nothing(
    database: Database, job_in: Callable[[JobStatus], Awaitable[UUID]], after: JobStatus
) -> None:
    jobs, job_id = JobRepository(database), await job_in(JobStatus.PENDING)
    await database.execute("update job set attempt = 2 where id = $1", job_id)
    await move(jobs, job_id, after)
    row = await jobs.get(job_id, EVERYTHING)
    assert (row.status, row.attempt, row.failure_reason) == (JobStatus.PENDING, 2, None)


@pytest.mark.parametrize("before", JobStatus)
async def test_only_what_failed_or_was_stopped_starts_again(
    database: Database, job_in: Callable[[JobStatus], Awaitable[UUID]], before: JobStatus
) -> None:
    jobs, job_id = JobRepository(database), await job_in(before)
    assert await jobs.restart_if_ended(job_id) is (before in {JobStatus.FAILED, JobStatus.STOPPED})
    assert (await jobs.get(job_id, EVERYTHING)).attempt == (2 if before in {JobStatus.FAILED, JobStatus.STOPPED} else 1)
