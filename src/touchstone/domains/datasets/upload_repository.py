"""The table `dataset_upload`: uploads whose objects are in the store before there is a dataset."""

from touchstone.database.executor import Executor

# longer than the slowest upload takes to be stored
ABANDONED_MINUTES = 60


class DatasetUploadRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, folder: str) -> None:
        await self.executor.execute("insert into dataset_upload (folder) values ($1)", folder)

    async def finish_unless_abandoned(self, folder: str) -> bool:
        touched = await self.executor.execute(
            "delete from dataset_upload where folder = $1 and not is_abandoned", folder
        )
        return touched > 0

    async def abandon(self, folder: str) -> bool:
        """From now on it makes no dataset. Answers whether it was under way."""
        touched = await self.executor.execute("update dataset_upload set is_abandoned = true where folder = $1", folder)
        return touched > 0

    async def forget(self, folder: str) -> None:
        await self.executor.execute("delete from dataset_upload where folder = $1", folder)

    async def list_abandoned(self, limit: int = 100) -> list[str]:
        """Folders of uploads that were given up, or whose process must have died."""
        return await self.executor.fetch_value(
            """
            select coalesce(array_agg(folder), '{}') from (
                select folder from dataset_upload
                where is_abandoned or began_at < now() - $1 * interval '1 minute' order by began_at limit $2
            ) as oldest
            """,
            ABANDONED_MINUTES,
            limit,
        )
