"""How much one principal may use. What nobody owns counts as one principal's; zero means any amount."""

from uuid import UUID

import msgspec

from touchstone.database.executor import Executor, Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.belonging.repository import BelongingRepository, Kind
from touchstone.domains.limits.model import QUOTA_DAYS, QuotaReached
from touchstone.domains.limits.repository import UsageRepository


class Quotas(msgspec.Struct, frozen=True):
    """`stored_bytes` are those of datasets, `tokens` what the jobs of the last 30 days spent at providers."""

    running_jobs: int = 0
    stored_bytes: int = 0
    tokens: int = 0

    async def require_job(self, transaction: Transaction, owner: str | None) -> None:
        """Before a job is queued for the owner, in the same transaction. Raises QuotaReached."""
        if not (self.running_jobs or self.tokens):
            return
        usage = UsageRepository(transaction)
        await usage.lock(owner)
        used = await usage.of_jobs(owner)
        if self.running_jobs and used.running_jobs >= self.running_jobs:
            raise QuotaReached(
                sentence=f"The quota of running jobs is reached: {used.running_jobs} of {self.running_jobs} have not"
                " ended; wait for one, or cancel it"
            )
        if self.tokens and used.tokens >= self.tokens:
            raise QuotaReached(
                sentence=f"The quota of tokens is reached: {used.tokens} of {self.tokens} were spent in the last"
                f" {QUOTA_DAYS} days"
            )

    async def require_job_of(self, transaction: Transaction, kind: Kind, key: UUID) -> None:
        """The same for whom the workflow or job belongs to."""
        if self.running_jobs or self.tokens:
            found = await BelongingRepository(transaction).find(kind, key, EVERYTHING)
            await self.require_job(transaction, found.owner if found else None)

    async def require_room(self, executor: Executor, owner: str | None, size: int) -> None:
        """For so many bytes more; exact only inside the transaction that stores them. Raises QuotaReached."""
        if not self.stored_bytes:
            return
        usage = UsageRepository(executor)
        if isinstance(executor, Transaction):
            await usage.lock(owner)
        stored = await usage.stored_bytes(owner)
        if stored + size > self.stored_bytes:
            raise QuotaReached(
                sentence=f"The quota of stored bytes is reached: {stored} of {self.stored_bytes} are taken, {size} more"
                " would not fit; delete datasets that nobody needs"
            )


UNLIMITED = Quotas()
