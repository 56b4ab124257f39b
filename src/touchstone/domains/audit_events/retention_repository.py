"""The old end of the audit, in the tables `audit_event`, `audit_seal` and `audit_cut`. Cutting needs their owner."""

import datetime as dt

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.keeping.model import MOST_COUNTED, SUMMARY, Going


class OldLinks(msgspec.Struct, frozen=True, kw_only=True):
    """Links from the chain's beginning without a gap: how many, and the last of them."""

    count: int
    number: int
    digest: bytes


class AuditRetentionRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def preview(self, kept_days: int) -> Going:
        """What would go, whether it is sealed by now or not."""
        going = await self.executor.fetch_one(
            Going,
            """
            with going as materialized (
                select id, at as since, null::bigint as bytes from audit_event
                where at < now() - $1::integer * interval '1 day' order by at, id limit $2
            )
            select """
            + SUMMARY,
            kept_days,
            MOST_COUNTED + 1,
        )
        assert going is not None  # an aggregate has a row always
        return going

    async def find_old(self, before: dt.datetime, at_most: int) -> OldLinks | None:
        """The oldest links up to the first event that is younger, and never the chain's last. None where none is."""
        return await self.executor.fetch_one(
            OldLinks,
            """
            with oldest as materialized (
                select audit_seal.number, audit_seal.digest, audit_event.at
                from audit_seal join audit_event on audit_event.id = event_id
                where number < (select max(number) from audit_seal)
                order by number limit $2
            ), old as (
                select number, digest from oldest
                where number < coalesce((select min(number) from oldest where at >= $1), 9223372036854775807)
            )
            select (select count(*) from old) as count, number, digest from old order by number desc limit 1
            """,
            before,
            at_most,
        )

    async def put_cut(self, number: int, digest: bytes, signature: bytes) -> None:
        await self.executor.execute(
            """
            insert into audit_cut (number, digest, signature) values ($1, $2, $3)
            on conflict (is_only) do update set number = excluded.number, digest = excluded.digest,
                signature = excluded.signature, cut_at = now()
            """,
            number,
            digest,
            signature,
        )

    async def delete_up_to(self, number: int) -> int:
        """The links and their events; answers how many events."""
        return await self.executor.execute(
            """
            with cut as (delete from audit_seal where number <= $1 returning event_id)
            delete from audit_event using cut where id = event_id
            """,
            number,
        )
