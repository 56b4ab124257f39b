"""The table `dataset`."""

import datetime as dt
from typing import LiteralString
from uuid import UUID

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.datasets.model import Dataset, DatasetNotFound, StoredDataset
from touchstone_jobs.wire import DatasetFacts

SELECT_DATASET: LiteralString = """
    select id, filename, format, size, ground_truth, run_id, generated, generated_by, created_at, row_count, columns,
        digest
    from dataset
"""


class NewDatasetRow(msgspec.Struct, frozen=True):
    id: UUID
    filename: str
    folder: str
    facts: DatasetFacts
    run_id: UUID | None = None
    generated: bool = False
    generated_by: str | None = None


class DatasetRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, dataset_id: UUID) -> Dataset:
        row = await self.executor.fetch_one(
            Dataset, SELECT_DATASET + "where id = $1 and deleted_at is null", dataset_id
        )
        if row is None:
            raise DatasetNotFound(id=dataset_id)
        return row

    async def find_by_run(self, job_id: UUID) -> Dataset | None:
        return await self.executor.fetch_one(
            Dataset, SELECT_DATASET + "where run_id = $1 and deleted_at is null", job_id
        )

    async def find_stored(self, dataset_id: UUID) -> StoredDataset | None:
        """Deleted ones included."""
        return await self.executor.fetch_one(
            StoredDataset,
            """
            select id, filename, folder, digest, coalesce(generated, false) as generated,
                deleted_at is not null as is_deleted
            from dataset where id = $1
            """,
            dataset_id,
        )

    async def list_oldest(
        self, *, skip: int, limit: int, after: tuple[dt.datetime, UUID] | None = None
    ) -> list[Dataset]:
        """Oldest first; `after` is the sort key of the last one already seen."""
        created_at, dataset_id = after or (None, None)
        return await self.executor.fetch_all(
            Dataset,
            SELECT_DATASET
            + """
            where deleted_at is null and (created_at, id) > (coalesce($3::timestamptz, '-infinity'), $4::uuid)
            order by created_at, id offset $1 limit $2
            """,
            skip,
            limit,
            created_at,
            dataset_id,
        )

    async def count(self) -> int:
        return await self.executor.fetch_value("select count(*) from dataset where deleted_at is null")

    async def insert(self, new: NewDatasetRow) -> None:
        """An id that is there already is left as it is."""
        await self.executor.execute(
            """
            insert into dataset (id, filename, folder, size, row_count, columns, digest, ground_truth, run_id,
                generated, generated_by)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
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
        )

    async def hold(self, dataset_id: UUID) -> None:
        """Until the end of the transaction nobody deletes it. Raises DatasetNotFound."""
        found = await self.executor.fetch_value(
            "select id from dataset where id = $1 and deleted_at is null for share", dataset_id
        )
        if found is None:
            raise DatasetNotFound(id=dataset_id)

    async def lock(self, dataset_id: UUID) -> None:
        """Until the end of the transaction nobody uses it anew. Raises DatasetNotFound."""
        found = await self.executor.fetch_value(
            "select id from dataset where id = $1 and deleted_at is null for update", dataset_id
        )
        if found is None:
            raise DatasetNotFound(id=dataset_id)

    async def list_users(self, dataset_id: UUID) -> list[str]:
        """Jobs and workflows that have not ended and need the dataset, in words; ten at most."""
        rows = await self.executor.fetch_value(
            """
            with users as (
                select 'job ' || id as who from job
                where dataset_id = $1 and status in ('created', 'pending', 'running')
                union all
                select 'workflow ' || replace(workflow.id::text, '-', '') from workflow
                join experiment on experiment.id = workflow.experiment_id
                where experiment.dataset_id = $1 and workflow.status in ('created', 'running')
                    and workflow.deleted_at is null
            )
            select coalesce(array_agg(who), '{}') from (select who from users order by who limit 10) as listed
            """,
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
