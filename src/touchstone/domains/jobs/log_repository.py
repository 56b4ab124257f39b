"""The table `job_log`, and how much of a log the row in `job` says there is."""

from uuid import UUID

from touchstone.database.executor import Executor
from touchstone.domains.jobs.model import LogChunk


class JobLogRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def append(self, job_id: UUID, attempt: int, seen: int, text: str, *, longest: int) -> bool:
        """Adds what the attempt printed after its first `seen` characters, unless another worker already did.

        In chunks of so many characters at most, because chunks are moved to the object store as they are.
        """
        touched = await self.executor.execute(
            """
            with grown as (
                update job set log_size = log_size + length($4), attempt_log_size = attempt_log_size + length($4)
                where id = $1 and attempt = $2 and attempt_log_size = $3
                returning id, log_size - length($4) as position
            )
            insert into job_log (job_id, position, text)
            select id, position + chunk, substr($4, chunk + 1, $5)
            from grown, generate_series(0, length($4) - 1, $5) as chunk
            """,
            job_id,
            attempt,
            seen,
            text,
            longest,
        )
        return touched > 0

    async def list_from(self, job_id: UUID, start: int, *, limit: int = 1000) -> list[LogChunk]:
        """Chunks from the one that holds position `start` on."""
        return await self.executor.fetch_all(
            LogChunk,
            # the first condition finds the place in the index, the second leaves out what ends right there
            """
            select position, text from job_log
            where job_id = $1 and position + length(text) > $2 and position >= coalesce(
                (select max(position) from job_log where job_id = $1 and position <= $2), 0)
            order by position limit $3
            """,
            job_id,
            start,
            limit,
        )

    async def read(self, job_id: UUID) -> str:
        return await self.executor.fetch_value(
            "select coalesce(string_agg(text, '' order by position), '') from job_log where job_id = $1", job_id
        )

    async def forget_archived(self, job_id: UUID, start: int, end: int) -> None:
        """The chunks between the positions, which the object store has now; unless somebody else was quicker."""
        await self.executor.execute(
            """
            with moved as (
                update job set log_archived = $3 where id = $1 and log_archived = $2 returning id
            )
            delete from job_log using moved where job_id = moved.id and position < $3
            """,
            job_id,
            start,
            end,
        )
