"""A job's log: the end of it in Postgres, so that it answers always; what is older in the object store."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

from touchstone.adapters.object_store import ObjectNotFound, ObjectStore
from touchstone.database.executor import Database
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.jobs.kinds import LOGS
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
            new = text[job.attempt_log_size :]
            await self.rows.append(job.id, job.attempt, job.attempt_log_size, new, longest=KEPT // 4)
        grown = job.log_size + len(text) - job.attempt_log_size
        if grown - job.log_archived > 2 * KEPT:
            await self._archive(job.id, job.log_archived, grown - KEPT)

    async def read(self, job: JobRow) -> str:
        """The whole log; without its beginning, and saying so, while the store is down."""
        archived = await self._archived(job.id, job.log_archived)
        return archived + await self.rows.read(job.id)

    async def pieces(self, job_id: UUID, start: int) -> AsyncGenerator[LogChunk]:
        """What is there from position `start` on, in order."""
        job = await self.jobs.get(job_id, EVERYTHING)
        if start < job.log_archived:
            archived = await self._archived(job_id, job.log_archived)
            text = archived if archived is NOT_AVAILABLE else archived[start:]
            yield LogChunk(position=job.log_archived - len(text), text=text)
        for chunk in await self.rows.list_from(job_id, max(start, job.log_archived)):
            skipped = max(0, start - chunk.position)
            yield LogChunk(position=chunk.position + skipped, text=chunk.text[skipped:])

    async def _archive(self, job_id: UUID, start: int, end: int) -> None:
        """Writes the object first, then forgets the rows. Its name says what it holds: a late worker replaces none."""
        every = await self.rows.list_from(job_id, start)
        chunks = [chunk for chunk in every if chunk.position + len(chunk.text) <= end]
        if not chunks or chunks[0].position != start:  # somebody else was quicker
            return
        text = "".join(chunk.text for chunk in chunks)
        key = f"{_prefix(job_id)}{start:015d}-{start + len(text):015d}.log"
        await self.store.put(key, text.encode(), content_type="text/plain; charset=utf-8")
        await self.rows.forget_archived(job_id, start, start + len(text))

    async def _archived(self, job_id: UUID, end: int) -> str:
        if end == 0:
            return ""
        try:
            async with asyncio.timeout(READ_SECONDS):
                text = await self._joined(job_id)
        except (Unavailable, ObjectNotFound, TimeoutError):
            return NOT_AVAILABLE
        return text[:end] if len(text) >= end else NOT_AVAILABLE

    async def _joined(self, job_id: UUID) -> str:
        """Objects may overlap, where a worker did not live to forget the rows of one."""
        text = ""
        for key in [found.key async for found in self.store.list(_prefix(job_id))]:
            start, end = map(int, key.removeprefix(_prefix(job_id)).removesuffix(".log").split("-"))
            if start <= len(text) < end:
                text += (await self.store.get(key, at_most=MOST_BYTES)).decode()[len(text) - start :]
        return text


def _prefix(job_id: UUID) -> str:
    return f"{LOGS}{job_id}/"
