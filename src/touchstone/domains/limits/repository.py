"""The table `rate_allowance`, and what quotas count in other tables."""

from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.limits.model import QUOTA_DAYS, Lease, Limit, Usage

# what nobody owns counts as one principal's
OWNED: LiteralString = " owner = $1 "
NOBODYS: LiteralString = " $1::text is null and owner is null "

UNUSED_SECONDS = 3600


class RateAllowanceRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def lease(self, subject: str, limit: Limit, wanted: int) -> Lease:
        """Refills the subject's bucket and takes whole tokens out of it, in one statement; none where none is left."""
        found = await self.executor.fetch_one(
            Lease,
            """
            insert into rate_allowance as held (subject, tokens, leased, refilled_at)
            values ($1, $2::float8 - least($4::float8, $2), least($4::float8, $2), clock_timestamp())
            on conflict (subject) do update set (tokens, leased, refilled_at) = (
                select filled - taken, taken, clock_timestamp()
                from (
                    select filled, least($4::float8, floor(filled)) as taken
                    from (
                        select least($2::float8, held.tokens + $3::float8
                            * greatest(0, extract(epoch from clock_timestamp() - held.refilled_at)::float8)) as filled
                    ) as refilled
                ) as counted
            )
            returning leased, tokens
            """,
            subject,
            float(limit.quota),
            limit.per_second,
            float(wanted),
        )
        return found or Lease(0.0, 0.0)

    async def delete_unused(self, at_most: int) -> int:
        """Buckets that have long been full again."""
        return await self.executor.execute(
            """
            delete from rate_allowance where subject in (
                select subject from rate_allowance where refilled_at < now() - $1 * interval '1 second'
                order by refilled_at limit $2
            )
            """,
            UNUSED_SECONDS,
            at_most,
        )


class UsageRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def lock(self, owner: str | None) -> None:
        """Until the end of the transaction nobody else adds to what this owner uses."""
        await self.executor.execute(
            "select pg_advisory_xact_lock(hashtextextended('quota ' || coalesce($1::text, 'anonymous'), 0))", owner
        )

    async def of_jobs(self, owner: str | None) -> Usage:
        owned: LiteralString = NOBODYS if owner is None else OWNED
        found = await self.executor.fetch_one(
            Usage,
            "select (select count(*) from job where status in ('created', 'pending', 'running') and"
            + owned
            + ") as running_jobs, (select coalesce(sum(tokens_spent), 0)::bigint from job where"
            + owned
            + "and created_at > now() - $2 * interval '1 day') as tokens",
            owner,
            QUOTA_DAYS,
        )
        return found or Usage(0, 0)

    async def stored_bytes(self, owner: str | None) -> int:
        owned: LiteralString = NOBODYS if owner is None else OWNED
        return await self.executor.fetch_value(
            "select coalesce(sum(size), 0)::bigint from dataset where deleted_at is null and" + owned, owner
        )
