"""The table `raw_result_file`."""

from touchstone.database.executor import Executor
from touchstone.domains.test_results.model import RawResultFileRow, TestExecutionNotFound
from touchstone.errors import Unavailable


class RawResultFileRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def require_execution(self, execution_id: int) -> None:
        """Raises TestExecutionNotFound."""
        if await self.executor.fetch_value("select id from test_execution where id = $1", execution_id) is None:
            raise TestExecutionNotFound

    async def require_not_doomed(self, object_key: str) -> None:
        """Until the transaction ends nobody begins to remove the object. Raises Unavailable where somebody has."""
        await self.executor.execute("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))", object_key)
        # a statement of its own, which sees what happened while the lock was waited for
        if await self.executor.fetch_value(
            "select exists (select from orphaned_object where key = $1 and doomed_at is not null)", object_key
        ):
            raise Unavailable(system="object store", reason="an equal file is being removed, send it again")

    async def add(self, execution_id: int, digest: str, media_type: str, size: int, object_key: str) -> None:
        """The same file is noted once."""
        await self.executor.execute(
            """
            insert into raw_result_file (test_execution_id, digest, media_type, size, object_key)
            values ($1, $2, $3, $4, $5) on conflict (test_execution_id, digest) do nothing
            """,
            execution_id,
            digest,
            media_type,
            size,
            object_key,
        )

    async def list_oldest(self, execution_id: int) -> list[RawResultFileRow]:
        """Oldest first."""
        return await self.executor.fetch_all(
            RawResultFileRow,
            """
            select id, digest, media_type, size, object_key, created_at from raw_result_file
            where test_execution_id = $1 order by id
            """,
            execution_id,
        )
