"""The table `workflow`; it reads `experiment` and `job`."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import msgspec

from touchstone.database.executor import Executor, constraint
from touchstone.database.visibility import VISIBLE, Viewer
from touchstone.domains.belonging.model import Belonging, TeamNotYours
from touchstone.domains.jobs.model import FailureReason
from touchstone.domains.workflows.model import Subject, WorkflowNotFound, WorkflowRow, WorkflowStatus

T = TypeVar("T")

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
    """For whom its experiment is; one in a private experiment belongs to whom that belongs, not to `owner`."""

    id: UUID
    experiment_id: int
    name: str
    description: str
    model: str
    provider: str
    system_prompt: str
    request: Any
    owner: str | None = None


class WorkflowRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, workflow_id: UUID, viewer: Viewer, *, deleted_too: bool = False) -> WorkflowRow:
        row = await self.executor.fetch_one(
            WorkflowRow,
            SELECT_WORKFLOW + "where workflow.id = $2 and ($3 or workflow.deleted_at is null) and " + VISIBLE,
            viewer,
            workflow_id,
            deleted_too,
        )
        if row is None:
            raise WorkflowNotFound(id=workflow_id.hex)
        return row

    async def lock(self, workflow_id: UUID, viewer: Viewer) -> None:
        """Until the end of the transaction nobody else moves it. Raises WorkflowNotFound."""
        found = await self.executor.fetch_value(
            "select id from workflow where id = $2 and deleted_at is null and " + VISIBLE + "for update",
            viewer,
            workflow_id,
        )
        if found is None:
            raise WorkflowNotFound(id=workflow_id.hex)

    async def give(self, workflow_id: UUID, belonging: Belonging) -> None:
        """Its owner stays who he is."""
        with constraint({"workflow_team_id_fkey": TeamNotYours(belonging.team)}):
            await self.executor.execute(
                "update workflow set team_id = $2, visibility = $3 where id = $1",
                workflow_id,
                belonging.team,
                belonging.visibility,
            )

    async def give_in_experiment(self, experiment_id: int, belonging: Belonging) -> list[UUID]:
        """Those of the experiment that have the same owner; answers which."""
        return await self.executor.fetch_value(
            """
            with given as (
                update workflow set team_id = $2, visibility = $3
                where experiment_id = $1 and owner is not distinct from $4 returning id
            )
            select coalesce(array_agg(id), '{}') from given
            """,
            experiment_id,
            belonging.team,
            belonging.visibility,
            belonging.owner,
        )

    async def list_newest(
        self, viewer: Viewer, *, skip: int, limit: int, before: tuple[dt.datetime, UUID] | None = None
    ) -> list[WorkflowRow]:
        """Newest first; `before` is the sort key of the last one already seen."""
        created_at, workflow_id = before or (None, None)
        return await self.executor.fetch_all(
            WorkflowRow,
            SELECT_WORKFLOW
            + """
            where workflow.deleted_at is null
                and (workflow.created_at, workflow.id) < (coalesce($4::timestamptz, 'infinity'), $5::uuid) and
            """
            + VISIBLE
            + "order by workflow.created_at desc, workflow.id desc offset $2 limit $3",
            viewer,
            skip,
            limit,
            created_at,
            workflow_id,
        )

    async def count(self, viewer: Viewer) -> int:
        """The kept total without what is hidden, which has an index of its own."""
        return await self.executor.fetch_value(
            """
            select coalesce(sum(total), 0)::bigint - (
                select count(*) from workflow where deleted_at is null and visibility <> 'everyone' and
            """
            + VISIBLE
            + " is not true) from list_total where list = 'workflow'",
            viewer,
        )

    async def list_of_experiments(self, experiment_ids: Sequence[int], viewer: Viewer) -> list[WorkflowRow]:
        """Those of all the experiments, newest first."""
        return await self.executor.fetch_all(
            WorkflowRow,
            SELECT_WORKFLOW
            + """
            where workflow.experiment_id = any($2::bigint[]) and workflow.deleted_at is null and
            """
            + VISIBLE
            + "order by workflow.created_at desc, workflow.id desc",
            viewer,
            experiment_ids,
        )

    async def find_experiment(self, kind: type[T], experiment_id: int, viewer: Viewer) -> T | None:
        """The experiment as a struct of that kind, whose `workflows` are those that the viewer sees, newest first."""
        return await self.executor.fetch_one(
            kind,
            """
            select id, name, description, dataset_id, max_samples, task_definition, created_at, updated_at, (
                select coalesce(json_agg(found order by found.created_at desc, found.id desc), '[]') from (
            """
            + SELECT_WORKFLOW
            + "where workflow.experiment_id = $2 and workflow.deleted_at is null and "
            + VISIBLE
            + ") as found) as workflows from experiment where id = $2 and deleted_at is null and "
            + VISIBLE,
            viewer,
            experiment_id,
        )

    async def find_subject(self, experiment_id: int, viewer: Viewer) -> Subject | None:
        """The experiment, which cannot be deleted until the end of the transaction."""
        return await self.executor.fetch_one(
            Subject,
            """
            select id, name, dataset_id, max_samples, task_definition from experiment
            where id = $2 and deleted_at is null and
            """
            + VISIBLE
            + "for share",
            viewer,
            experiment_id,
        )

    async def insert(self, new: NewWorkflowRow) -> None:
        await self.executor.execute(
            """
            insert into workflow (id, experiment_id, name, description, model, provider, system_prompt, request,
                owner, team_id, visibility)
            select $1, $2, $3, $4, $5, $6, $7, $8,
                case when visibility = 'private' then owner else $9 end, team_id, visibility
            from experiment where id = $2
            """,
            new.id,
            new.experiment_id,
            new.name,
            new.description,
            new.model,
            new.provider,
            new.system_prompt,
            new.request,
            new.owner,
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
