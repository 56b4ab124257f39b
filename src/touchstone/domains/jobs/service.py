"""Submitting, stopping and retrying jobs, and giving an attempt its secret."""

from typing import Any
from uuid import UUID, uuid4

from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.vault import Vault
from touchstone.database.executor import Database, Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.belonging.model import Belonging, belonging_of
from touchstone.domains.belonging.repository import BelongingRepository
from touchstone.domains.datasets.model import Dataset, DatasetNotFound
from touchstone.domains.datasets.repository import DatasetRepository
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once
from touchstone.domains.jobs.endpoints import EndpointRules
from touchstone.domains.jobs.kinds import KINDS, Layout
from touchstone.domains.jobs.model import (
    JobDatasetNotAvailable,
    JobKind,
    JobNotFound,
    JobNotRetried,
    JobResultNotReady,
    JobRow,
    JobSecretMissing,
    JobStatus,
    TicketRefused,
)
from touchstone.domains.jobs.news import insert_job, summary, tell
from touchstone.domains.jobs.repository import JobRepository, NewJobRow
from touchstone.domains.jobs.schemas import CreatedJob, JobResult, JobResultDownload, NewJob, SecretValue
from touchstone.domains.limits.quotas import UNLIMITED, Quotas
from touchstone.domains.secrets.model import SealedSecret
from touchstone.domains.secrets.repository import SecretRepository
from touchstone.http.caller import Caller


class JobService:
    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        vault: Vault,
        layout: Layout,
        rules: EndpointRules,
        default_timeout_seconds: int,
        quotas: Quotas = UNLIMITED,
    ) -> None:
        self.database = database
        self.store = store
        self.vault = vault
        self.layout = layout
        self.rules = rules
        self.default_timeout_seconds = default_timeout_seconds
        self.quotas = quotas

    async def submit(
        self, kind: JobKind, new: NewJob, caller: Caller, call: IdempotentCall | None = None
    ) -> CreatedJob:
        """Queues the job.

        Raises JobSecretMissing, DatasetNotFound, InvalidValue, QuotaReached, and what EndpointRules raise.
        """
        config = KINDS[kind].accept(new.job_config)

        async def work(transaction: Transaction) -> CreatedJob:
            self.rules.require(new.job_config, await self._secret(transaction, new, caller))
            origin = await DatasetRepository(transaction).hold(new.dataset, caller.viewer)
            row = self._row(kind, new, config, belonging_of(caller, new, origin))
            await self.quotas.require_job(transaction, row.belonging.owner)
            await insert_job(transaction, row)
            job = await JobRepository(transaction).get(row.id, EVERYTHING)
            await AuditRepository(transaction).record(caller, f"create_{kind}_job", f"job:{job.id}", after=summary(job))
            return created_job(job)

        return await once(self.database, call, CreatedJob, work)

    async def cancel(self, job_id: UUID, caller: Caller) -> JobRow:
        """Asks the job to end; one that has ended is left alone."""
        async with self.database.transaction() as transaction:
            jobs = JobRepository(transaction)
            await BelongingRepository(transaction).lock("job", job_id, caller.viewer)
            before = await jobs.get(job_id, caller.viewer)
            await jobs.request_stop_unless_final([job_id], "cancelled")
            after = await jobs.get(job_id, EVERYTHING)
            if after.stop_reason != before.stop_reason:
                await AuditRepository(transaction).record(
                    caller, "cancel_job", f"job:{job_id}", before=summary(before), after=summary(after)
                )
            if after.status != before.status:
                await tell(transaction, job_id)
            return after

    async def retry(self, job_id: UUID, caller: Caller) -> JobRow:
        """Another attempt of a failed or stopped job; any other is left alone. Raises JobNotRetried."""
        async with self.database.transaction() as transaction:
            jobs = JobRepository(transaction)
            job = await jobs.get(job_id, caller.viewer)
            if job.workflow_id is not None:
                raise JobNotRetried(id=job_id, workflow=job.workflow_id.hex)
            if job.status in (JobStatus.FAILED, JobStatus.STOPPED):
                await DatasetRepository(transaction).hold(job.dataset_id, caller.viewer)
                await self.quotas.require_job_of(transaction, "job", job_id)
                if await jobs.restart_if_ended(job_id):
                    await AuditRepository(transaction).record(caller, "retry_job", f"job:{job_id}", before=summary(job))
                    await tell(transaction, job_id, "requeued")
            return await jobs.get(job_id, EVERYTHING)

    async def dataset_of(self, job_id: UUID, caller: Caller) -> Dataset:
        """What the job made. Raises JobDatasetNotAvailable."""
        dataset = await DatasetRepository(self.database).find_by_run(job_id, caller.viewer)
        if dataset is None:
            raise JobDatasetNotAvailable(id=job_id)
        return dataset

    async def result_of(self, job_id: UUID, caller: Caller) -> JobResult:
        job = await JobRepository(self.database).get(job_id, caller.viewer)
        if job.status is not JobStatus.SUCCEEDED:
            raise JobResultNotReady(id=job_id, status=job.status)
        return JobResult(id=job_id, job_id=job_id, metrics=job.metrics)

    async def result_download(self, job_id: UUID, caller: Caller) -> JobResultDownload:
        job = await JobRepository(self.database).get(job_id, caller.viewer)
        key = job.results_key or self.layout.results(job_id, job.name)
        return JobResultDownload(id=job_id, download_url=await self.store.download_url(key, filename="results.json"))

    async def secret_for_attempt(self, job_id: UUID, attempt: int, token: str) -> SecretValue:
        """The secret of a running attempt that shows its ticket. Raises TicketRefused."""
        if not self.vault.is_ticket(token, ticket_subject(job_id, attempt)):
            raise TicketRefused
        try:
            job = await JobRepository(self.database).get(job_id, EVERYTHING)
        except JobNotFound:
            raise TicketRefused from None
        name = job.config.get("secret_key_name")
        viewer = await BelongingRepository(self.database).viewer_behind_job(job_id)
        secret = await SecretRepository(self.database).find(name, viewer) if name else None
        if secret is None or job.attempt != attempt or job.status.is_final:
            raise TicketRefused
        return SecretValue(value=self.vault.decrypt(secret.value))

    async def _secret(self, transaction: Transaction, new: NewJob, caller: Caller) -> SealedSecret | None:
        name = new.job_config.secret_key_name
        secret = await SecretRepository(transaction).find(name, caller.viewer) if name else None
        if name and secret is None:
            raise JobSecretMissing(name=new.name, secret=name)
        return secret

    def _row(self, kind: JobKind, new: NewJob, config: dict[str, Any], belonging: Belonging) -> NewJobRow:
        return NewJobRow(
            id=uuid4(),
            kind=kind,
            name=new.name,
            description=new.description,
            dataset_id=new.dataset,
            max_samples=new.max_samples,
            batch_size=new.batch_size,
            config=config,
            timeout_seconds=new.job_timeout_sec or self.default_timeout_seconds,
            belonging=belonging,
        )


def created_job(job: JobRow) -> CreatedJob:
    return CreatedJob(
        id=job.id,
        name=job.name,
        description=job.description,
        status=job.status,
        job_type=job.kind,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )


def ticket_subject(job_id: UUID, attempt: int) -> str:
    return f"{job_id}/{attempt}"


__all__ = ["DatasetNotFound", "JobService", "created_job", "ticket_subject"]
