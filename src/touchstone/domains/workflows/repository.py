"""The table `workflow`; it reads `experiment` and `job`."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.jobs.model import FailureReason
from touchstone.domains.workflows.model import Subject, WorkflowNotFound, WorkflowRow, WorkflowStatus

# a workflow that has not ended runs as soon as one of its jobs first left `created`: read off the jobs, stored nowhere
SELECT_WORKFLOW: LiteralString = """
    select workflow.id, workflow.experiment_id, workflow.name, workflow.description, workflow.model,
        workflow.provider, workflow.system_prompt, workflow.request, workflow.failure_reason, workflow.compiled_key,
        workflow.created_at, workflow.finished_at, workflow.updated_at,
        case when workflow.status = 'created' and coalesce(steps.begun, false) then 'running'
            else workflow.status end as status,
        steps.started_at, coalesce(steps.jobs, '[]') as jobs
    from workflow left join lateral (
        select bool_or(job.status <> 'created' or job.attempt > 1) as begun, min(job.started_at) as started_at,
            json_agg(json_build_object('id', job.id, 'step', job.step, 'status', job.status, 'metrics', job.metrics,
                'results_key', job.results_key, 'progress', job.progress)
                order by job.created_at desc, job.step) as jobs
        from job where job.workflow_id = workflow.id
    ) as steps on true
"""


class NewWorkflowRow(msgspec.Struct, frozen=True):
    id: UUID
    experiment_id: int
    name: str
    description: str
    model: str
    provider: str
    system_prompt: str
    request: Any


class WorkflowRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, workflow_id: UUID, *, deleted_too: bool = False) -> WorkflowRow:
        row = await self.executor.fetch_one(
            WorkflowRow,
            SELECT_WORKFLOW + "where workflow.id = $1 and ($2 or workflow.deleted_at is null)",
            workflow_id,
            deleted_too,
        )
        if row is None:
            raise WorkflowNotFound(id=workflow_id.hex)
        return row

    async def lock(self, workflow_id: UUID) -> None:
        """Until the end of the transaction nobody else moves it. Raises WorkflowNotFound."""
        found = await self.executor.fetch_value(
            "select id from workflow where id = $1 and deleted_at is null for update", workflow_id
        )
        if found is None:
            raise WorkflowNotFound(id=workflow_id.hex)

    async def list_newest(
        self, *, skip: int, limit: int, before: tuple[dt.datetime, UUID] | None = None
    ) -> list[WorkflowRow]:
        """Newest first; `before` is the sort key of the last one already seen."""
        created_at, workflow_id = before or (None, None)
        return await self.executor.fetch_all(
            WorkflowRow,
            SELECT_WORKFLOW
            + """
            where workflow.deleted_at is null
                and (workflow.created_at, workflow.id) < (coalesce($3::timestamptz, 'infinity'), $4::uuid)
            order by workflow.created_at desc, workflow.id desc offset $1 limit $2
            """,
            skip,
            limit,
            created_at,
            workflow_id,
        )

    async def count(self) -> int:
        return await self.executor.fetch_value(
            "select coalesce(sum(total), 0)::bigint from list_total where list = 'workflow'"
        )

    async def list_of_experiments(self, experiment_ids: Sequence[int]) -> list[WorkflowRow]:
        """Those of all the experiments, newest first."""
        return await self.executor.fetch_all(
            WorkflowRow,
            SELECT_WORKFLOW
            + """
            where workflow.experiment_id = any($1::bigint[]) and workflow.deleted_at is null
            order by workflow.created_at desc, workflow.id desc
            """,
            experiment_ids,
        )

    async def find_subject(self, experiment_id: int) -> Subject | None:
        """The experiment, which cannot be deleted until the end of the transaction."""
        return await self.executor.fetch_one(
            Subject,
            """
            select id, name, dataset_id, max_samples, task_definition from experiment
            where id = $1 and deleted_at is null for share
            """,
            experiment_id,
        )

    async def insert(self, new: NewWorkflowRow) -> None:
        await self.executor.execute(
            """
            insert into workflow (id, experiment_id, name, description, model, provider, system_prompt, request)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            new.id,
            new.experiment_id,
            new.name,
            new.description,
            new.model,
            new.provider,
            new.system_prompt,
            new.request,
        )

    async def go_on_unless_final(self, workflow_id: UUID) -> bool:
        return (
            await self.executor.execute(
                """
            update workflow set status = 'running', updated_at = now()
            where id = $1 and status in ('created', 'running') and deleted_at is null
            """,
                workflow_id,
            )
            > 0
        )

    async def finish_unless_final(
        self,
        workflow_id: UUID,
        status: WorkflowStatus,
        *,
        failure: FailureReason | None = None,
        compiled_key: str | None = None,
    ) -> bool:
        return (
            await self.executor.execute(
                """
            update workflow set status = $2, failure_reason = $3, compiled_key = $4, finished_at = now(),
                updated_at = now()
            where id = $1 and status in ('created', 'running')
            """,
                workflow_id,
                status,
                failure,
                compiled_key,
            )
            > 0
        )

    async def reopen_if_failed(self, workflow_id: UUID) -> bool:
        return (
            await self.executor.execute(
                """
            update workflow set status = 'running', failure_reason = null, finished_at = null, updated_at = now()
            where id = $1 and status = 'failed' and deleted_at is null
            """,
                workflow_id,
            )
            > 0
        )

    async def mark_deleted(self, workflow_ids: Sequence[UUID]) -> None:
        await self.executor.execute(
            "update workflow set deleted_at = now() where id = any($1::uuid[]) and deleted_at is null", workflow_ids
        )
