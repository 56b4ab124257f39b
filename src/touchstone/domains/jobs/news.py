"""What others are told of jobs, in the transactions that move them."""

from typing import Any
from uuid import UUID

from touchstone.database.executor import Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.belonging.repository import BelongingRepository
from touchstone.domains.jobs.model import JobRow
from touchstone.domains.jobs.repository import JobRepository, NewJobRow
from touchstone.domains.outbox.service import emit


async def insert_job(transaction: Transaction, row: NewJobRow) -> None:
    """Queues the job and tells of it; an id that is taken is left as it is."""
    if await JobRepository(transaction).insert(row):
        await tell(transaction, row.id)


async def tell(transaction: Transaction, job_id: UUID, word: str | None = None) -> None:
    """That a job moved; `word` where its status alone does not say how."""
    job = await JobRepository(transaction).get(job_id, EVERYTHING)
    belonging = await BelongingRepository(transaction).find("job", job_id, EVERYTHING)
    if belonging is not None:
        await emit(transaction, f"job.{word or job.status}", f"job:{job_id}", summary(job), belonging=belonging)


def summary(job: JobRow) -> dict[str, Any]:
    """What the job is; why it failed as a code only, as messages may quote what a program printed."""
    return {
        "id": job.id,
        "name": job.name,
        "kind": job.kind,
        "status": job.status,
        "attempt": job.attempt,
        "dataset_id": job.dataset_id,
        "workflow_id": job.workflow_id.hex if job.workflow_id else None,
        "step": job.step,
        "failure_code": job.failure_reason.code if job.failure_reason else None,
    }
