"""Old jobs and old logs leave: rows first, then objects. What is left when a worker dies is an orphan in the store."""

from uuid import UUID

from touchstone.adapters.object_store import ObjectStore
from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.jobs.kinds import Layout
from touchstone.domains.jobs.retention_repository import JobRetentionRepository, OldJob
from touchstone.http.caller import SYSTEM


class OldJobs:
    def __init__(self, database: Database, store: ObjectStore, layout: Layout) -> None:
        self.database, self.store, self.layout = database, store, layout

    async def remove(self, kept_days: int, at_most: int) -> int:
        """Of those that ended so many days ago; answers how many. Raises Unavailable, the rows being gone then."""
        async with self.database.transaction() as transaction:
            gone = await JobRetentionRepository(transaction).delete_old(kept_days, at_most)
            if gone:
                ids = [job.id for job in gone]
                await AuditRepository(transaction).record(
                    SYSTEM, "remove_old_jobs", "retention_rule:jobs", before={"ids": ids}
                )
        for job in gone:
            for folder in self._folders(job):
                await self.store.delete_prefix(folder)
        return len(gone)

    async def forget_logs(self, kept_days: int, at_most: int) -> int:
        """Of jobs that ended so many days ago; answers of how many. Raises Unavailable, the rows being gone then."""
        async with self.database.transaction() as transaction:
            gone: list[UUID] = await JobRetentionRepository(transaction).forget_old_logs(kept_days, at_most)
            if gone:
                await AuditRepository(transaction).record(
                    SYSTEM, "remove_old_job_logs", "retention_rule:job_logs", before={"ids": gone}
                )
        for job_id in gone:
            await self.store.delete_prefix(self.layout.logs(job_id))
        return len(gone)

    def _folders(self, job: OldJob) -> list[str]:
        results = self.layout.results(job.id, job.name).rpartition("/")[0]
        return [self.layout.logs(job.id), self.layout.work(job.id), f"{results}/"]
