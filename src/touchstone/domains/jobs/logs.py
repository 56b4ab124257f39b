"""A job's log: the end of it in Postgres, so that it answers always; what is older in the object store."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

from touchstone.adapters.object_store import ObjectNotFound, ObjectStore
from touchstone.database.executor import Database
from touchstone.domains.jobs.log_repository import JobLogRepository
from touchstone.domains.jobs.model import JobRow, LogChunk
from touchstone.domains.jobs.repository import JobRepository
from touchstone.errors import Unavailable

# characters that stay in Postgres; moving begins at twice as much, so that it happens seldom
KEPT = 1024 * 1024
READ_SECONDS = 10.0
MOST_BYTES = 64 * 1024 * 1024
NOT_AVAILABLE = "[the beginning of this log is in the object store, which does not answer]\n"


class JobLogs:
    """Positions count characters from the beginning of the job's first attempt."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self.jobs = JobRepository(database)
        self.rows = JobLogRepository(database)
        self.store = store

    async def append(self, job: JobRow, text: str) -> None:
        """Takes in what the attempt has printed so far; what was taken before is left out. Moves old text away."""
        if len(text) > job.attempt_log_size:
            await self.rows.append(job.id, job.attempt, job.attempt_log_size, text[job.attempt_log_size :])
        grown = job.log_size + len(text) - job.attempt_log_size
        if grown - job.log_archived > 2 * KEPT:
            await self._archive(job.id, job.log_archived, grown - KEPT)

    async def read(self, job: JobRow) -> str:
        """The whole log; without its beginning, and saying so, while the store is down."""
        archived = await self._archived(job.id, job.log_archived)
        return archived + await self.rows.read(job.id)

    async def pieces(self, job_id: UUID, start: int) -> AsyncGenerator[LogChunk]:
        """What is there from position `start` on, in order."""
        job = await self.jobs.get(job_id)
        if start < job.log_archived:
            archived = await self._archived(job_id, job.log_archived)
            text = archived if archived is NOT_AVAILABLE else archived[start:]
            yield LogChunk(position=job.log_archived - len(text), text=text)
        for chunk in await self.rows.list_from(job_id, max(start, job.log_archived)):
            skipped = max(0, start - chunk.position)
            yield LogChunk(position=chunk.position + skipped, text=chunk.text[skipped:])

    async def _archive(self, job_id: UUID, start: int, end: int) -> None:
        """Writes the object first, then forgets the rows; done twice, it writes the same place again."""
        chunks = [chunk for chunk in await self.rows.list_from(job_id, start) if chunk.position < end]
        if not chunks:
            return
        text = "".join(chunk.text for chunk in chunks)
        await self.store.put(_key(job_id, start), text.encode(), content_type="text/plain; charset=utf-8")
        await self.rows.forget_archived(job_id, start, chunks[-1].position + len(chunks[-1].text))

    async def _archived(self, job_id: UUID, end: int) -> str:
        if end == 0:
            return ""
        try:
            async with asyncio.timeout(READ_SECONDS):
                keys = [found.key async for found in self.store.list(_prefix(job_id))]
                parts = [await self.store.get(key, at_most=MOST_BYTES) for key in keys]
        except (Unavailable, ObjectNotFound, TimeoutError):
            return NOT_AVAILABLE
        # an object that was written again, but whose rows still stood, reaches past the end
        return b"".join(parts).decode()[:end]


def _prefix(job_id: UUID) -> str:
    return f"jobs/logs/{job_id}/"


def _key(job_id: UUID, start: int) -> str:
    return f"{_prefix(job_id)}{start:015d}.log"
