"""Which ended jobs still have objects of their work, as the table `job` knows it."""

from uuid import UUID

import msgspec

from touchstone.database.executor import Executor


class Leftover(msgspec.Struct, frozen=True):
    """A job that ended long ago, with its last attempt."""

    id: UUID
    attempt: int


class LeftoverRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_oldest(self, kept_days: int, limit: int) -> list[Leftover]:
        return await self.executor.fetch_all(
            Leftover,
            """
            select id, attempt from job
            where not is_work_removed and finished_at < now() - $1 * interval '1 day'
            order by finished_at limit $2
            """,
            kept_days,
            limit,
        )

    async def is_still_ended(self, leftover: Leftover) -> bool:
        """Whether nobody has asked for another attempt meanwhile."""
        return await self.executor.fetch_value(
            "select exists (select from job where id = $1 and attempt = $2 and finished_at is not null)",
            leftover.id,
            leftover.attempt,
        )

    async def mark_removed_if_ended(self, leftover: Leftover) -> None:
        await self.executor.execute(
            "update job set is_work_removed = true where id = $1 and attempt = $2 and finished_at is not null",
            leftover.id,
            leftover.attempt,
        )
