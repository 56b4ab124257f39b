"""Notifications that the rules of retention no longer keep, in the table `notification`."""

from touchstone.database.executor import Executor
from touchstone.domains.keeping.model import MOST_COUNTED, SUMMARY, Going


class NotificationRetentionRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def delete_old(self, kept_days: int, at_most: int) -> int:
        """Of the oldest `at_most` those that came so many days ago, read or not; answers how many."""
        return await self.executor.execute(
            """
            with oldest as materialized (
                -- ids follow the times, and the table has no index of the times alone
                select id, created_at from notification order by id limit $2
            )
            delete from notification using oldest
            where notification.id = oldest.id and oldest.created_at < now() - $1::integer * interval '1 day'
            """,
            kept_days,
            at_most,
        )

    async def preview(self, kept_days: int) -> Going:
        """What would go."""
        going = await self.executor.fetch_one(
            Going,
            """
            with going as materialized (
                select id, created_at as since, null::bigint as bytes from notification
                where created_at < now() - $1::integer * interval '1 day' order by id limit $2
            )
            select """
            + SUMMARY,
            kept_days,
            MOST_COUNTED + 1,
        )
        assert going is not None  # an aggregate has a row always
        return going
