"""The tables `orphaned_object` and `object_walk`."""

import datetime as dt
from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import msgspec

from touchstone.adapters.object_store import StoredObject
from touchstone.database.executor import Executor
from touchstone.domains.stored_objects.model import OwnedObject, Owner

OBJECTS: LiteralString = """
    with object as (
        select key, owner, id, folder, size, modified_at from jsonb_to_recordset($1::jsonb) as given (
            key text, owner text, id uuid, folder text, size bigint, modified_at timestamptz
        )
    )
"""
# what is deleted by steps, such as a dataset, is seen to by those steps
REFERRED_TO: LiteralString = """
    case owner
        when 'dataset' then exists (select from dataset where dataset.id = object.id and purged_at is null)
            or exists (select from unfinished_dataset where unfinished_dataset.folder = object.folder)
        when 'job' then exists (select from job where job.id = object.id)
        when 'job log' then exists (
            select from job where job.id = object.id and (log_archived > 0 or finished_at is null)
        )
        when 'workflow' then exists (select from workflow where workflow.id = object.id)
        else exists (select from raw_result_file where object_key = object.key)
    end
"""
HAS_ROWS: dict[Owner, LiteralString] = {
    Owner.DATASET: "select exists (select from dataset)",
    Owner.JOB: "select exists (select from job)",
    Owner.JOB_LOG: "select exists (select from job)",
    Owner.WORKFLOW: "select exists (select from workflow)",
    Owner.RAW_FILE: "select exists (select from raw_result_file)",
}


class RunningAttempt(msgspec.Struct, frozen=True):
    job_id: UUID
    attempt: int


class Walk(msgspec.Struct, frozen=True):
    """`after_key` is the last key that was looked at, empty when the place was looked at to its end."""

    place: str
    after_key: str
    walked_at: dt.datetime


class StoredObjectRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def has_rows(self, owner: Owner) -> bool:
        """Whether anything is there to which objects of this kind may belong."""
        return await self.executor.fetch_value(HAS_ROWS[owner])

    async def list_unreferred(self, objects: Sequence[OwnedObject]) -> list[str]:
        """The keys of those that no row refers to; what running attempts are making is among them."""
        return await self.executor.fetch_value(
            OBJECTS + "select coalesce(array_agg(key), '{}') from object where not " + REFERRED_TO, objects
        )

    async def list_running_attempts(self) -> list[RunningAttempt]:
        """Of jobs on the cluster, of which there are so many as the dispatcher submits."""
        return await self.executor.fetch_all(
            RunningAttempt,
            """
            select id as job_id, attempt from job where status in ('pending', 'running')
                or status = 'created' and submitted_at is not null
            """,
        )

    async def note(self, looked_at: Sequence[OwnedObject], orphans: Sequence[str]) -> None:
        """Which of those that were looked at nobody refers to; the others are no orphans any more."""
        await self.executor.execute(
            OBJECTS
            + """
            , taken_back as (
                delete from orphaned_object using object
                where orphaned_object.key = object.key and doomed_at is null and object.key <> all ($2::text[])
            )
            insert into orphaned_object (key, size, modified_at)
            select key, size, modified_at from object where key = any ($2::text[])
            on conflict (key) do nothing
            """,
            looked_at,
            orphans,
        )

    async def list_due(self, found_before: dt.datetime, at_most: int) -> list[StoredObject]:
        """Those found long enough ago, the first found first."""
        return await self.executor.fetch_all(
            StoredObject,
            """
            select key, size, modified_at from orphaned_object
            where doomed_at is null and found_at < $1 order by found_at limit $2
            """,
            found_before,
            at_most,
        )

    async def lock(self, keys: Sequence[str]) -> None:
        """Whoever refers to one of these has committed by now, or waits until the end of the transaction."""
        await self.executor.execute(
            """
            select pg_advisory_xact_lock(hashtextextended(key, 0))
            from (select key from unnest($1::text[]) as given (key) order by key) as ordered
            """,
            keys,
        )

    async def doom(self, keys: Sequence[str]) -> None:
        await self.executor.execute(
            "update orphaned_object set doomed_at = now() where key = any ($1::text[]) and doomed_at is null", keys
        )

    async def list_doomed(self, at_most: int) -> list[str]:
        return await self.executor.fetch_value(
            """
            select coalesce(array_agg(key), '{}') from (
                select key from orphaned_object where doomed_at is not null order by doomed_at limit $1
            ) as oldest
            """,
            at_most,
        )

    async def forget(self, keys: Sequence[str]) -> None:
        await self.executor.execute("delete from orphaned_object where key = any ($1::text[])", keys)

    async def list_walks(self) -> list[Walk]:
        return await self.executor.fetch_all(Walk, "select place, after_key, walked_at from object_walk")

    async def put_place(self, place: str, after_key: str) -> None:
        await self.executor.execute(
            """
            insert into object_walk (place, after_key) values ($1, $2)
            on conflict (place) do update set after_key = excluded.after_key, walked_at = now()
            """,
            place,
            after_key,
        )
