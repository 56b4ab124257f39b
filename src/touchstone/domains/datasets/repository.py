"""The table `dataset`."""

import datetime as dt
from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import msgspec

from touchstone.database.executor import Executor, constraint
from touchstone.database.visibility import VISIBLE, Viewer
from touchstone.domains.belonging.model import Belonging, TeamNotYours
from touchstone.domains.datasets.model import Dataset, DatasetNotFound, StoredDataset
from touchstone_jobs.wire import DatasetFacts

SELECT_DATASET: LiteralString = """
    select id, filename, format, size, ground_truth, run_id, generated, generated_by, created_at, row_count, columns,
        digest
    from dataset
"""


class NewDatasetRow(msgspec.Struct, frozen=True):
    """One that a job made (`run_id`) belongs to whom the job belongs; any other as `belonging` says."""

    id: UUID
    filename: str
    folder: str
    facts: DatasetFacts
    run_id: UUID | None = None
    generated: bool = False
    generated_by: str | None = None
    belonging: Belonging = Belonging()


class DatasetRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, dataset_id: UUID, viewer: Viewer) -> Dataset:
        row = await self.executor.fetch_one(
            Dataset, SELECT_DATASET + "where id = $2 and deleted_at is null and " + VISIBLE, viewer, dataset_id
        )
        if row is None:
            raise DatasetNotFound(id=dataset_id)
        return row

    async def find_by_run(self, job_id: UUID, viewer: Viewer) -> Dataset | None:
        return await self.executor.fetch_one(
            Dataset, SELECT_DATASET + "where run_id = $2 and deleted_at is null and " + VISIBLE, viewer, job_id
        )

    async def find_stored(self, dataset_id: UUID, viewer: Viewer) -> StoredDataset | None:
        """Deleted ones included."""
        return await self.executor.fetch_one(
            StoredDataset,
            """
            select id, filename, folder, digest, coalesce(generated, false) as generated,
                deleted_at is not null as is_deleted
            from dataset where id = $2 and
            """
            + VISIBLE,
            viewer,
            dataset_id,
        )

    async def list_oldest(
        self, viewer: Viewer, *, skip: int, limit: int, after: tuple[dt.datetime, UUID] | None = None
    ) -> list[Dataset]:
        """Oldest first; `after` is the sort key of the last one already seen."""
        created_at, dataset_id = after or (None, None)
        return await self.executor.fetch_all(
            Dataset,
            SELECT_DATASET
            + """
            where deleted_at is null and (created_at, id) > (coalesce($4::timestamptz, '-infinity'), $5::uuid) and
            """
            + VISIBLE
            + "order by created_at, id offset $2 limit $3",
            viewer,
            skip,
            limit,
            created_at,
            dataset_id,
        )

    async def count(self, viewer: Viewer) -> int:
        """All without those that are hidden, which an index of their own knows: most often there are few, or none."""
        return await self.executor.fetch_value(
            """
            select count(*) - (
                select count(*) from dataset where deleted_at is null and visibility <> 'everyone' and
            """
            + VISIBLE
            + " is not true) from dataset where deleted_at is null",
            viewer,
        )

    async def insert(self, new: NewDatasetRow) -> None:
        """An id that is there already is left as it is."""
        belonging = new.belonging
        with constraint({"dataset_team_id_fkey": TeamNotYours(belonging.team)}):
            await self.executor.execute(
                """
                insert into dataset (id, filename, folder, size, row_count, columns, digest, ground_truth, run_id,
                    generated, generated_by, owner, team_id, visibility)
                select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
                    case when job.id is null then $12 else job.owner end,
                    case when job.id is null then $13 else job.team_id end, coalesce(job.visibility, $14)
                from (select $9::uuid as run_id) as made left join job on job.id = made.run_id
                on conflict (id) do nothing
                """,
                new.id,
                new.filename,
                new.folder,
                new.facts.size,
                new.facts.rows,
                new.facts.columns,
                new.facts.digest,
                new.facts.ground_truth,
                new.run_id,
                new.generated,
                new.generated_by,
                belonging.owner,
                belonging.team,
                belonging.visibility,
            )

    async def hold(self, dataset_id: UUID, viewer: Viewer) -> Belonging:
        """Until the end of the transaction nobody deletes it. Answers whose it is. Raises DatasetNotFound."""
        found = await self.executor.fetch_one(
            Belonging,
            "select owner, team_id as team, visibility from dataset where id = $2 and deleted_at is null and "
            + VISIBLE
            + "for share",
            viewer,
            dataset_id,
        )
        if found is None:
            raise DatasetNotFound(id=dataset_id)
        return found

    async def lock(self, dataset_id: UUID, viewer: Viewer) -> None:
        """Until the end of the transaction nobody uses it anew. Raises DatasetNotFound."""
        found = await self.executor.fetch_value(
            "select id from dataset where id = $2 and deleted_at is null and " + VISIBLE + "for update",
            viewer,
            dataset_id,
        )
        if found is None:
            raise DatasetNotFound(id=dataset_id)

    async def give(self, dataset_id: UUID, belonging: Belonging) -> None:
        """Its owner stays who he is."""
        with constraint({"dataset_team_id_fkey": TeamNotYours(belonging.team)}):
            await self.executor.execute(
                "update dataset set team_id = $2, visibility = $3 where id = $1",
                dataset_id,
                belonging.team,
                belonging.visibility,
            )

    async def give_made_by(self, job_ids: Sequence[UUID], belonging: Belonging) -> None:
        """Those that the jobs made and that have the same owner."""
        await self.executor.execute(
            """
            update dataset set team_id = $2, visibility = $3
            where run_id = any($1::uuid[]) and owner is not distinct from $4
            """,
            job_ids,
            belonging.team,
            belonging.visibility,
            belonging.owner,
        )

    async def list_users(self, dataset_id: UUID, viewer: Viewer) -> list[str]:
        """Jobs and workflows that have not ended and need the dataset, in words; ten at most."""
        rows = await self.executor.fetch_value(
            """
            with found as (
                select 'job ' || id as who, owner, team_id, visibility from job
                where dataset_id = $2 and status in ('created', 'pending', 'running')
                union all
                select 'workflow ' || replace(workflow.id::text, '-', ''), workflow.owner, workflow.team_id,
                    workflow.visibility
                from workflow join experiment on experiment.id = workflow.experiment_id
                where experiment.dataset_id = $2 and workflow.status in ('created', 'running')
                    and workflow.deleted_at is null
            ), users as (
                select distinct case when
            """
            + VISIBLE
            + """
                    then who else 'work of somebody else' end as who from found
            )
            select coalesce(array_agg(who), '{}') from (select who from users order by who limit 10) as listed
            """,
            viewer,
            dataset_id,
        )
        return list(rows)

    async def mark_deleted(self, dataset_id: UUID) -> None:
        await self.executor.execute("update dataset set deleted_at = now() where id = $1", dataset_id)

    async def mark_purged(self, dataset_id: UUID) -> None:
        await self.executor.execute("update dataset set purged_at = now() where id = $1", dataset_id)

    async def list_to_purge(self, limit: int = 100) -> list[StoredDataset]:
        return await self.executor.fetch_all(
            StoredDataset,
            """
            select id, filename, folder, digest, coalesce(generated, false) as generated, true as is_deleted
            from dataset where deleted_at is not null and purged_at is null order by deleted_at limit $1
            """,
            limit,
        )
