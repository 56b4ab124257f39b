"""The table `unfinished_dataset`: folders whose objects are in the store, or may be, without a dataset."""

from touchstone.database.executor import Executor

# longer than the slowest upload takes to be stored, and than a lost attempt may go on unseen
ABANDONED_MINUTES = 60


class UnfinishedDatasetRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, folder: str) -> None:
        await self.executor.execute(
            "insert into unfinished_dataset (folder) values ($1) on conflict do nothing", folder
        )

    async def finish_unless_abandoned(self, folder: str) -> bool:
        touched = await self.executor.execute(
            "delete from unfinished_dataset where folder = $1 and not is_abandoned", folder
        )
        return touched > 0

    async def abandon(self, folder: str) -> bool:
        """From now on it makes no dataset. Answers whether it was under way."""
        touched = await self.executor.execute(
            "update unfinished_dataset set is_abandoned = true where folder = $1", folder
        )
        return touched > 0

    async def forget(self, folder: str) -> None:
        await self.executor.execute("delete from unfinished_dataset where folder = $1", folder)

    async def list_abandoned(self, limit: int = 100) -> list[str]:
        """Folders of uploads that were given up, or whose process must have died."""
        return await self.executor.fetch_value(
            """
            select coalesce(array_agg(folder), '{}') from (
                select folder from unfinished_dataset
                where is_abandoned or began_at < now() - $1 * interval '1 minute' order by began_at limit $2
            ) as oldest
            """,
            ABANDONED_MINUTES,
            limit,
        )
