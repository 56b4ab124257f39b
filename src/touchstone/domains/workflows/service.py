"""Chaining jobs: every move of a workflow stands in the transaction that moves its job."""

from typing import Any
from uuid import UUID, uuid4

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.belonging.model import owner_of
from touchstone.domains.datasets.repository import DatasetRepository
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once
from touchstone.domains.jobs.endpoints import EndpointRules
from touchstone.domains.jobs.kinds import KINDS, Layout, default_metrics, require_known_metrics
from touchstone.domains.jobs.logs import JobLogs
from touchstone.domains.jobs.model import FailureReason, JobKind, JobRow, JobStatus, TaskDefinition
from touchstone.domains.jobs.news import insert_job
from touchstone.domains.jobs.news import tell as tell_of_job
from touchstone.domains.jobs.repository import JobRepository, NewJobRow
from touchstone.domains.jobs.schemas import EvaluatorConfig, InferenceConfig
from touchstone.domains.limits.quotas import UNLIMITED, Quotas
from touchstone.domains.secrets.repository import SecretRepository
from touchstone.domains.workflows.model import (
    Subject,
    WorkflowRow,
    WorkflowRunning,
    WorkflowSecretMissing,
    WorkflowStatus,
    WorkflowStopping,
    WorkflowWithoutExperiment,
)
from touchstone.domains.workflows.news import end_workflow, summary, tell
from touchstone.domains.workflows.prompts import system_prompt
from touchstone.domains.workflows.repository import NewWorkflowRow, WorkflowRepository
from touchstone.domains.workflows.schemas import CreatedWorkflow, NewWorkflow, WorkflowDetails
from touchstone.domains.workflows.views import created_workflow, former_state
from touchstone.http.caller import Caller

LOG_SEPARATOR = "\n================\n"
JUDGE_SECRET = "openai_api_key"  # noqa: S105 the name of a secret
CANCELLED = FailureReason(code="cancelled", message="Somebody cancelled it.")


class WorkflowService:
    def __init__(
        self, database: Database, layout: Layout, rules: EndpointRules, job_logs: JobLogs, quotas: Quotas = UNLIMITED
    ) -> None:
        self.database = database
        self.job_logs = job_logs
        self.layout = layout
        self.rules = rules
        self.quotas = quotas

    async def create(self, new: NewWorkflow, caller: Caller, call: IdempotentCall | None = None) -> CreatedWorkflow:
        """Queues the inference; what follows is decided at its end.

        Raises WorkflowWithoutExperiment, WorkflowSecretMissing, PromptMissing, DatasetNotFound, InvalidValue,
        QuotaReached.
        """

        async def work(transaction: Transaction) -> CreatedWorkflow:
            subject = await self._subject(transaction, new, caller)
            prompt = system_prompt(new.system_prompt, subject.task_definition)
            metrics = new.metrics or default_metrics(subject.task_definition)
            require_known_metrics(metrics, ("body", "metrics"))
            await self._require_secrets(transaction, new, subject, metrics, caller)
            await DatasetRepository(transaction).hold(subject.dataset_id, caller.viewer)
            request = {**msgspec.to_builtins(new), "metrics": metrics}
            row = _workflow_row(new, subject, prompt, request, caller)
            await WorkflowRepository(transaction).insert(row)
            await self.quotas.require_job_of(transaction, "workflow", row.id)
            await tell(transaction, row.id, "created")
            await insert_job(transaction, _inference_job(row.id, new, subject, prompt))
            created = await WorkflowRepository(transaction).get(row.id, EVERYTHING)
            await _record(transaction, caller, "create_workflow", after=created)
            return created_workflow(created)

        return await once(self.database, call, CreatedWorkflow, work)

    async def advance(self, transaction: Transaction, job: JobRow) -> None:
        """Called in the transaction that ended the job: the next step, or the workflow's end."""
        if job.workflow_id is None:
            return
        workflows = WorkflowRepository(transaction)
        if job.status is not JobStatus.SUCCEEDED:
            await end_workflow(transaction, job.workflow_id, WorkflowStatus.FAILED, failure=_failure(job))
        elif job.step == "evaluation":
            compiled = self.layout.compiled(job.workflow_id)
            await end_workflow(transaction, job.workflow_id, WorkflowStatus.SUCCEEDED, compiled_key=compiled)
        elif await workflows.go_on_unless_final(job.workflow_id):
            await self._evaluate(transaction, job, await workflows.get(job.workflow_id, EVERYTHING))

    async def cancel(self, workflow_id: UUID, caller: Caller) -> WorkflowRow:
        """Ends it as failed, with the reason `cancelled`; one that has ended is left alone."""
        async with self.database.transaction() as transaction:
            workflows = WorkflowRepository(transaction)
            await workflows.lock(workflow_id, caller.viewer)
            before = await workflows.get(workflow_id, EVERYTHING)
            if await end_workflow(transaction, workflow_id, WorkflowStatus.FAILED, failure=CANCELLED):
                row = await workflows.get(workflow_id, EVERYTHING)
                await _stop_jobs(transaction, row, "cancelled")
                await _record(transaction, caller, "cancel_workflow", before=before, after=row)
            return await workflows.get(workflow_id, EVERYTHING)

    async def retry(self, workflow_id: UUID, caller: Caller) -> WorkflowRow:
        """Goes on from where a failed one stopped; any other is left alone.

        Raises WorkflowNotFound, WorkflowStopping, DatasetNotFound, QuotaReached.
        """
        async with self.database.transaction() as transaction:
            workflows = WorkflowRepository(transaction)
            await workflows.lock(workflow_id, caller.viewer)
            before = await workflows.get(workflow_id, EVERYTHING)
            if await workflows.reopen_if_failed(workflow_id):
                await tell(transaction, workflow_id, "retried")
                await self._go_on(transaction, await workflows.get(workflow_id, EVERYTHING))
                await _record(transaction, caller, "retry_workflow", before=before)
            return await workflows.get(workflow_id, EVERYTHING)

    async def _go_on(self, transaction: Transaction, workflow: WorkflowRow) -> None:
        """With its last job again; if that has succeeded meanwhile, with what follows it."""
        if any(not job.status.is_final for job in workflow.jobs):
            raise WorkflowStopping(id=workflow.id.hex)
        jobs = JobRepository(transaction)
        last = await jobs.get(workflow.jobs[0].id, EVERYTHING)
        if last.status is JobStatus.SUCCEEDED:
            await self.advance(transaction, last)
            return
        await DatasetRepository(transaction).hold(last.dataset_id, EVERYTHING)
        await self.quotas.require_job_of(transaction, "workflow", workflow.id)
        if await jobs.restart_if_ended(last.id):
            await tell_of_job(transaction, last.id, "requeued")

    async def delete(self, workflow_id: UUID, caller: Caller, *, force: bool) -> WorkflowDetails:
        """Answers the former state. Raises WorkflowNotFound, WorkflowRunning."""
        async with self.database.transaction() as transaction:
            workflows = WorkflowRepository(transaction)
            await workflows.lock(workflow_id, caller.viewer)
            row = await workflows.get(workflow_id, EVERYTHING)
            if row.status is WorkflowStatus.RUNNING and not force:
                raise WorkflowRunning
            await delete_all(transaction, [row])
            await _record(transaction, caller, "delete_workflow", before=row)
            return former_state(row)

    async def logs(self, workflow_id: UUID, caller: Caller) -> str:
        """What its jobs printed, the oldest first; of a deleted one too."""
        row = await WorkflowRepository(self.database).get(workflow_id, caller.viewer, deleted_too=True)
        jobs = await JobRepository(self.database).list_by_id([job.id for job in row.jobs])
        oldest_first = sorted(jobs, key=lambda job: (job.created_at, job.step == "evaluation"))
        return LOG_SEPARATOR.join([await self.job_logs.read(job) for job in oldest_first])

    async def _subject(self, transaction: Transaction, new: NewWorkflow, caller: Caller) -> Subject:
        number = experiment_number(new.experiment_id or "")
        workflows = WorkflowRepository(transaction)
        subject = None if number is None else await workflows.find_subject(number, caller.viewer)
        if subject is None:
            raise WorkflowWithoutExperiment(name=new.name)
        return subject

    async def _require_secrets(
        self, transaction: Transaction, new: NewWorkflow, subject: Subject, metrics: list[str], caller: Caller
    ) -> None:
        """Of both steps; and each may go where the step sends it."""
        judge_secret = _judge_secret(metrics, new)
        judging = EvaluatorConfig(llm_as_judge=new.llm_as_judge, judges=new.judges, secret_key_name=judge_secret)
        for name, config in ((new.secret_key_name, _inference_config(new, subject, "")), (judge_secret, judging)):
            secret = await SecretRepository(transaction).find(name, caller.viewer) if name else None
            if name and secret is None:
                raise WorkflowSecretMissing(name=new.name, experiment=subject.name, secret=name)
            self.rules.require(config, secret)

    async def _evaluate(self, transaction: Transaction, inference: JobRow, workflow: WorkflowRow) -> None:
        dataset = await DatasetRepository(transaction).find_by_run(inference.id, EVERYTHING)
        if dataset is None:
            failure = FailureReason(code="no_predictions", message="The inference left no dataset to evaluate.")
            await end_workflow(transaction, workflow.id, WorkflowStatus.FAILED, failure=failure)
            return
        await insert_job(transaction, _evaluation_job(workflow, inference, dataset.id))


async def _record(transaction: Transaction, caller: Caller, action: str, **states: WorkflowRow) -> None:
    """`states` are `before`, `after` or both."""
    subject = next(iter(states.values())).id.hex
    shown = {when: summary(row) for when, row in states.items()}
    await AuditRepository(transaction).record(caller, action, f"workflow:{subject}", **shown)


async def delete_all(transaction: Transaction, rows: list[WorkflowRow]) -> None:
    """Deletes workflows and asks their jobs to end."""
    await WorkflowRepository(transaction).mark_deleted([row.id for row in rows])
    for row in rows:
        await _stop_jobs(transaction, row, "workflow")


async def _stop_jobs(transaction: Transaction, row: WorkflowRow, reason: Any) -> None:
    await JobRepository(transaction).request_stop_unless_final([job.id for job in row.jobs], reason)


def experiment_number(text: str) -> int | None:
    """Experiment ids are numbers as text; anything else names none."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    return number if str(number) == text else None


def _judge_secret(metrics: list[str], new: NewWorkflow) -> str | None:
    has_judge = new.llm_as_judge is not None or new.judges
    return JUDGE_SECRET if not has_judge and any(metric.startswith("g_eval_") for metric in metrics) else None


def _failure(job: JobRow) -> FailureReason:
    reason = job.failure_reason
    code = reason.code if reason else job.status.value
    message = reason.message if reason else f"Its status is {job.status.value}."
    return FailureReason(code=code, message=f"The {job.step} job {job.id} did not succeed. {message}")


def _workflow_row(new: NewWorkflow, subject: Subject, prompt: str, request: Any, caller: Caller) -> NewWorkflowRow:
    return NewWorkflowRow(
        id=uuid4(),
        experiment_id=subject.id,
        name=new.name,
        description=new.description,
        model=new.model,
        provider=new.provider,
        system_prompt=prompt,
        request=request,
        owner=owner_of(caller),
    )


def _inference_config(new: NewWorkflow, subject: Subject, prompt: str) -> InferenceConfig:
    return InferenceConfig(
        model=new.model,
        provider=new.provider,
        task_definition=subject.task_definition,
        base_url=new.base_url,
        output_field=new.inference_output_field,
        generation_config=new.generation_config,
        system_prompt=prompt,
        secret_key_name=new.secret_key_name,
        store_to_dataset=True,
        max_failed_samples=new.max_failed_samples,
        prices=new.prices,
    )


def _inference_job(workflow_id: UUID, new: NewWorkflow, subject: Subject, prompt: str) -> NewJobRow:
    config = _inference_config(new, subject, prompt)
    return NewJobRow(
        id=uuid4(),
        kind=JobKind.INFERENCE,
        name=f"{new.name}-inference",
        description=new.description,
        dataset_id=subject.dataset_id,
        max_samples=subject.max_samples,
        batch_size=new.batch_size,
        config=KINDS[JobKind.INFERENCE].accept(config),
        timeout_seconds=new.job_timeout_sec,
        workflow_id=workflow_id,
        step="inference",
    )


def _evaluation_job(workflow: WorkflowRow, inference: JobRow, dataset_id: UUID) -> NewJobRow:
    new = msgspec.convert(workflow.request, NewWorkflow)
    config = EvaluatorConfig(
        task_definition=msgspec.convert(inference.config["task_definition"], type=TaskDefinition),
        metrics=set(new.metrics or []),
        llm_as_judge=new.llm_as_judge,
        judges=new.judges,
        secret_key_name=_judge_secret(new.metrics or [], new),
        predictions_field=new.inference_output_field,
    )
    accepted = KINDS[JobKind.EVALUATOR].accept(config)
    return NewJobRow(
        id=uuid4(),
        kind=JobKind.EVALUATOR,
        name=f"{workflow.name}-evaluation",
        description=workflow.description,
        dataset_id=dataset_id,
        max_samples=-1,
        batch_size=1,
        config={**accepted, "inference_results_key": inference.results_key},
        timeout_seconds=new.job_timeout_sec,
        workflow_id=workflow.id,
        step="evaluation",
    )
