"""Ended jobs that the rules of retention no longer keep, and their logs, in the tables `job` and `job_log`."""

from typing import LiteralString
from uuid import UUID

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.keeping.model import MOST_COUNTED, SUMMARY, Going

# the steps of a workflow are shown as long as it is
OLD_JOBS: LiteralString = """
    finished_at < now() - $1::integer * interval '1 day' and not exists (
        select from workflow where workflow.id = job.workflow_id and workflow.deleted_at is null
    )
"""
OLD_LOGS: LiteralString = "finished_at < now() - $1::integer * interval '1 day' and log_size > 0"


class OldJob(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class JobRetentionRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def delete_old(self, kept_days: int, at_most: int) -> list[OldJob]:
        """With their logs and events; answers which."""
        return await self.executor.fetch_all(
            OldJob,
            "with old as (select id from job where "
            + OLD_JOBS
            + """
                order by finished_at, id limit $2 for update skip locked
            )
            delete from job using old where job.id = old.id returning job.id, job.name
            """,
            kept_days,
            at_most,
        )

    async def forget_old_logs(self, kept_days: int, at_most: int) -> list[UUID]:
        """The log of such a job is empty from now on; answers whose."""
        return await self.executor.fetch_value(
            "with old as (select id from job where "
            + OLD_LOGS
            + """
                order by finished_at, id limit $2 for update skip locked
            ), forgotten as (
                update job set log_size = 0, log_archived = 0 from old where job.id = old.id returning job.id
            ), gone as (
                delete from job_log using old where job_id = old.id
            )
            select coalesce(array_agg(id), '{}') from forgotten
            """,
            kept_days,
            at_most,
        )

    async def preview(self, kept_days: int) -> Going:
        """What would go; bytes of logs alone, in characters."""
        return await self._preview(OLD_JOBS, kept_days)

    async def preview_logs(self, kept_days: int) -> Going:
        """What would go; bytes in characters."""
        return await self._preview(OLD_LOGS, kept_days)

    async def _preview(self, which: LiteralString, kept_days: int) -> Going:
        going = await self.executor.fetch_one(
            Going,
            "with going as materialized (select id, finished_at as since, log_size as bytes from job where "
            + which
            + " order by finished_at, id limit $2) select "
            + SUMMARY,
            kept_days,
            MOST_COUNTED + 1,
        )
        assert going is not None  # an aggregate has a row always
        return going
