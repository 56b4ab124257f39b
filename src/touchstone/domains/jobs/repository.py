"""The tables `job` and `job_event`. Moves of a job's state are guarded in the `where` and in the name."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import msgspec

from touchstone.adapters.runner import Run
from touchstone.database.executor import Executor, constraint
from touchstone.database.visibility import VISIBLE, Viewer
from touchstone.domains.belonging.model import Belonging, TeamNotYours
from touchstone.domains.jobs.model import (
    STOP_WORDS,
    FailureReason,
    JobEvent,
    JobKind,
    JobNotFound,
    JobRow,
    JobStatus,
    Progress,
    StopReason,
)

# the limit keeps the planner from reading all datasets to join them to a page of jobs
SELECT_JOB: LiteralString = """
    select job.id, job.kind, job.name, job.description, job.status, job.dataset_id,
        dataset.filename as dataset_name, dataset.folder as dataset_folder, dataset.digest as dataset_digest,
        job.workflow_id, job.step, job.max_samples, job.batch_size, job.config, job.timeout_seconds, job.attempt,
        job.failures, job.stop_reason, job.run, job.log_size, job.log_archived, job.attempt_log_size,
        job.broken_looks, job.progress, job.metrics, job.results_key, job.failure_reason, job.created_at,
        job.submitted_at, job.started_at, job.finished_at, job.updated_at,
        coalesce(job.submitted_at + job.timeout_seconds * interval '1 second' < now(), false) as is_overdue
    from job cross join lateral (
        select filename, folder, digest from dataset where dataset.id = job.dataset_id limit 1
    ) as dataset
"""

# appended to a statement whose CTE `changed` holds the jobs whose state it moved
RECORD_STATUS: LiteralString = """
    insert into job_event (job_id, kind, data)
    select id, 'status', jsonb_build_object('status', status, 'attempt', attempt, 'failure_reason', failure_reason)
    from changed
"""

ADMISSION_LOCK = 7_308_332_183


class NewJobRow(msgspec.Struct, frozen=True):
    """In the order of the statement. One of a workflow belongs to whom that belongs, not as `belonging` says."""

    id: UUID
    kind: JobKind
    name: str
    description: str
    dataset_id: UUID
    max_samples: int
    batch_size: int
    config: Any
    timeout_seconds: int
    workflow_id: UUID | None = None
    step: str | None = None
    belonging: Belonging = Belonging()


class JobRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, job_id: UUID, viewer: Viewer) -> JobRow:
        row = await self.executor.fetch_one(JobRow, SELECT_JOB + "where job.id = $2 and " + VISIBLE, viewer, job_id)
        if row is None:
            raise JobNotFound(id=job_id)
        return row

    async def list_by_id(self, job_ids: Sequence[UUID]) -> list[JobRow]:
        if not job_ids:
            return []
        return await self.executor.fetch_all(JobRow, SELECT_JOB + "where job.id = any($1::uuid[])", job_ids)

    async def list_newest(
        self,
        kinds: Sequence[str],
        viewer: Viewer,
        *,
        skip: int,
        limit: int,
        before: tuple[dt.datetime, UUID] | None = None,
    ) -> list[JobRow]:
        """Newest first; `before` is the sort key of the last one already seen."""
        created_at, job_id = before or (None, None)
        return await self.executor.fetch_all(
            JobRow,
            SELECT_JOB
            + """
            where ($2::text[] = '{}' or job.kind = any($2::text[]))
                and (job.created_at, job.id) < (coalesce($5::timestamptz, 'infinity'), $6::uuid) and
            """
            + VISIBLE
            + "order by job.created_at desc, job.id desc offset $3 limit $4",
            viewer,
            kinds,
            skip,
            limit,
            created_at,
            job_id,
        )

    async def count(self, kinds: Sequence[str], viewer: Viewer) -> int:
        """The kept total without what is hidden, which has an index of its own."""
        return await self.executor.fetch_value(
            """
            select coalesce(sum(total), 0)::bigint - (
                select count(*) from job where kind = any($2::text[]) and visibility <> 'everyone' and
            """
            + VISIBLE
            + " is not true) from list_total where list = any(select 'job/' || kind from unnest($2::text[]) as kind)",
            viewer,
            kinds or list(JobKind),
        )

    async def insert(self, job: NewJobRow) -> bool:
        """Answers whether the id was free; a taken one is left as it is."""
        *values, belonging = msgspec.structs.astuple(job)
        with constraint({"job_team_id_fkey": TeamNotYours(belonging.team)}):
            touched = await self.executor.execute(
                """
                with changed as (
                    insert into job (id, kind, name, description, status, dataset_id, max_samples, batch_size, config,
                        timeout_seconds, workflow_id, step, owner, team_id, visibility)
                    select $1, $2, $3, $4, 'created', $5, $6, $7, $8, $9, $10, $11,
                        case when workflow.id is null then $12 else workflow.owner end,
                        case when workflow.id is null then $13 else workflow.team_id end,
                        coalesce(workflow.visibility, $14)
                    from (select $10::uuid as workflow_id) as made left join workflow on workflow.id = made.workflow_id
                    on conflict do nothing
                    returning id, status, attempt, failure_reason
                )
                """
                + RECORD_STATUS,
                *values,
                *msgspec.structs.astuple(belonging),
            )
        return touched > 0

    async def request_stop_unless_final(
        self, job_ids: Sequence[UUID], reason: StopReason, *, of_attempt: int | None = None
    ) -> None:
        """A job of its own that nobody has begun to submit ends here and now; the others are left to a worker."""
        await self.executor.execute(
            """
            with changed as (
                update job set
                    stop_reason = coalesce(stop_reason, $2), look_at = now(), updated_at = now(),
                    status = case when untouched then 'stopped' else status end,
                    finished_at = case when untouched then now() else finished_at end,
                    failure_reason = case when untouched then $3 else failure_reason end
                from (
                    select id as job_id,
                        status = 'created' and workflow_id is null and leased_until is null as untouched
                    from job where id = any($1::uuid[]) for update
                ) as found
                where job.id = found.job_id and status in ('created', 'pending', 'running') and stop_reason is null
                    and attempt = coalesce($4, attempt)
                returning id, status, attempt, failure_reason
            )
            """
            + RECORD_STATUS
            + " where status = 'stopped'",
            job_ids,
            reason,
            FailureReason(code=reason, message=STOP_WORDS[reason]),
            of_attempt,
        )

    async def restart_if_ended(self, job_id: UUID) -> bool:
        """A new attempt of a failed or stopped job; what the earlier ones finished is kept."""
        touched = await self.executor.execute(
            """
            with changed as (
                update job set status = 'created', attempt = attempt + 1, attempt_log_size = 0, failures = 0,
                    stop_reason = null, failure_reason = null, run = null, submitted_at = null, started_at = null,
                    finished_at = null, leased_by = null, leased_until = null, look_at = now(), updated_at = now(),
                    broken_looks = 0, is_work_removed = false
                where id = $1 and status in ('failed', 'stopped')
                returning id, status, attempt, failure_reason
            ), hint as (select pg_notify('job_waiting', '') from changed)
            """
            + RECORD_STATUS,
            job_id,
        )
        return touched > 0

    async def claim_created(self, worker: str, lease_seconds: int, at_most: int, limit: int = 1000) -> list[JobRow]:
        """Leases up to `limit` jobs to submit, so that no more than `at_most` are submitted in all, whoever asks.

        Fair between experiments: whoever has least submitted comes first, then whoever waits longest. Call it in
        a transaction of its own; the lock makes the count exact.
        """
        await self.executor.execute("select pg_advisory_xact_lock($1)", ADMISSION_LOCK)
        ids = await self.executor.fetch_value(
            """
            with submitted as (
                select id, coalesce((select experiment_id from workflow where id = workflow_id), 0) as experiment
                from job where status in ('pending', 'running') or status = 'created' and leased_until > now()
            ), share as (
                select experiment, count(*) as size from submitted group by experiment
            ), waiting as (
                select job.id, job.created_at, coalesce(workflow.experiment_id, 0) as experiment,
                    row_number() over (partition by workflow.experiment_id order by job.created_at, job.id) as place
                from job left join workflow on workflow.id = job.workflow_id
                where job.status = 'created' and job.stop_reason is null and job.look_at <= now()
                    and coalesce(job.leased_until < now(), true)
            ), chosen as (
                select waiting.id from waiting left join share on share.experiment = waiting.experiment
                order by coalesce(share.size, 0) + waiting.place, waiting.created_at, waiting.id
                limit least($4, greatest(0, $3 - (select count(*) from submitted)))
            ), leased as (
                update job set leased_by = $1, leased_until = now() + $2 * interval '1 second'
                from chosen where job.id = chosen.id
                returning job.id
            )
            select coalesce(array_agg(id), '{}') from leased
            """,
            worker,
            lease_seconds,
            at_most,
            limit,
        )
        return await self.list_by_id(ids)

    async def claim_submitted(self, worker: str, lease_seconds: int, at_most: int) -> list[JobRow]:
        """Leases pending and running jobs that are due for a look, and waiting ones that are to be stopped."""
        ids = await self.executor.fetch_value(
            """
            with due as (
                select id from job
                where (status in ('pending', 'running') or status = 'created' and stop_reason is not null)
                    and look_at <= now() and coalesce(leased_until < now(), true)
                order by look_at limit $3 for update skip locked
            ), leased as (
                update job set leased_by = $1, leased_until = now() + $2 * interval '1 second'
                from due where job.id = due.id returning job.id
            )
            select coalesce(array_agg(id), '{}') from leased
            """,
            worker,
            lease_seconds,
            at_most,
        )
        return await self.list_by_id(ids)

    async def release(self, job_id: UUID, worker: str, look_again_seconds: float, broken_looks: int = 0) -> None:
        """Gives the lease back, if it is still this worker's; its end stays: the attempt may be on the cluster."""
        await self.executor.execute(
            """
            update job set leased_by = null, leased_until = now(),
                look_at = greatest(look_at, now() + $3::float8 * interval '1 second'), broken_looks = $4
            where id = $1 and leased_by = $2
            """,
            job_id,
            worker,
            look_again_seconds,
            broken_looks,
        )

    async def mark_pending_if_created(self, job_id: UUID, attempt: int) -> bool:
        touched = await self.executor.execute(
            """
            with changed as (
                update job set status = 'pending', submitted_at = now(), updated_at = now()
                where id = $1 and attempt = $2 and status = 'created'
                returning id, status, attempt, failure_reason
            )
            """
            + RECORD_STATUS,
            job_id,
            attempt,
        )
        return touched > 0

    async def is_active(self, job_id: UUID, attempt: int) -> bool:
        sql = "select 1 from job where id = $1 and attempt = $2 and status in ('created', 'pending', 'running')"
        return await self.executor.fetch_value(sql, job_id, attempt) is not None

    async def note_run_if_active(self, job_id: UUID, attempt: int, run: Run) -> bool:
        """What the runner tells of a job that goes on; answers whether its status changed, which is an event."""
        touched = await self.executor.execute(
            """
            with before as (select id, status from job where id = $1 for update), changed as (
                update job set run = $3, status = $4, started_at = coalesce(started_at, $5),
                    updated_at = case when job.status = $4 then updated_at else now() end
                from before
                where job.id = before.id and attempt = $2 and job.status in ('pending', 'running')
                    and (job.status, $4) <> ('running', 'pending') and (run is distinct from $3 or job.status <> $4)
                returning job.id, job.status, attempt, failure_reason, job.status <> before.status as moved
            )
            """
            + RECORD_STATUS
            + " where moved",
            job_id,
            attempt,
            run,
            run.status,
            run.started_at if run.status != "pending" else None,
        )
        return touched > 0

    async def note_progress_if_active(self, job_id: UUID, attempt: int, progress: Progress) -> None:
        await self.executor.execute(
            """
            with changed as (
                update job set progress = $3
                where id = $1 and attempt = $2 and status in ('pending', 'running') and progress is distinct from $3
                returning id
            )
            insert into job_event (job_id, kind, data) select id, 'progress', $3 from changed
            """,
            job_id,
            attempt,
            progress,
        )

    async def requeue_if_active(self, job_id: UUID, attempt: int, reason: FailureReason, wait_seconds: float) -> bool:
        """After the cluster lost an attempt: the next one, unless somebody was quicker."""
        touched = await self.executor.execute(
            """
            with changed as (
                update job set status = 'created', attempt = attempt + 1, attempt_log_size = 0,
                    failures = failures + 1, run = null, submitted_at = null, leased_by = null, leased_until = null,
                    look_at = now() + $4::float8 * interval '1 second', updated_at = now(), broken_looks = 0
                where id = $1 and attempt = $2 and status in ('created', 'pending', 'running')
                returning id, status, attempt, $3::jsonb as failure_reason
            )
            """
            + RECORD_STATUS,
            job_id,
            attempt,
            reason,
            wait_seconds,
        )
        return touched > 0

    async def lock_workflow_of(self, job_id: UUID) -> None:
        """The workflow before its job, as whoever cancels a workflow locks them: the other order would deadlock."""
        await self.executor.execute(
            "select from workflow where id = (select workflow_id from job where id = $1) for update", job_id
        )

    async def finish_if_active(
        self,
        job_id: UUID,
        attempt: int,
        status: JobStatus,
        *,
        run: Run | None = None,
        progress: Progress | None = None,
        metrics: dict[str, float] | None = None,
        results_key: str | None = None,
        failure: FailureReason | None = None,
    ) -> bool:
        """The end of a job, once; a lower attempt and an ended job are left alone."""
        touched = await self.executor.execute(
            """
            with changed as (
                update job set status = $3, run = coalesce($4, run), progress = coalesce($5, progress),
                    metrics = $6, results_key = $7, failure_reason = $8, leased_by = null, leased_until = null,
                    started_at = coalesce(started_at, $9), finished_at = now(), updated_at = now()
                where id = $1 and attempt = $2 and status in ('created', 'pending', 'running')
                returning id, status, attempt, failure_reason
            )
            """
            + RECORD_STATUS,
            job_id,
            attempt,
            status,
            run,
            progress,
            metrics or {},
            results_key,
            failure,
            run.started_at if run else None,
        )
        return touched > 0

    async def list_events(self, job_id: UUID, *, after: int, limit: int = 1000) -> list[JobEvent]:
        return await self.executor.fetch_all(
            JobEvent,
            """
            select id, kind, data, created_at from job_event
            where job_id = $1 and id > $2 order by id limit $3
            """,
            job_id,
            after,
            limit,
        )
