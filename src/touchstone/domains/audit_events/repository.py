"""The tables `audit_event`, `audit_seal` and `audit_head`. Events and seals are only ever added.

Only the name beside an actor may go.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.audit_events.model import AuditEvent, Head, Link, State, Unsealed, credential_of
from touchstone.http.caller import SYSTEM, Caller

SYSTEM_ACTOR = "touchstone"
SEAL_LOCK = 7_308_332_184

# see `model.Unsealed.columns`
COLUMNS: LiteralString = """
    array[audit_event.id::text, to_char(audit_event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        audit_event.transaction_id::text, audit_event.actor, audit_event.credential, audit_event.request_id,
        audit_event.action, audit_event.subject, audit_event.before::text, audit_event.after::text]
"""


class AuditRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def record(self, caller: Caller, action: str, subject: str, *, before: Any = None, after: Any = None) -> None:
        """Call it in the transaction of the change. `subject` reads `{noun}:{id}`, `action` is the handler's verb.

        Neither `before` nor `after` may hold a secret or a key.
        """
        await self.executor.execute(
            """
            insert into audit_event (actor, actor_name, credential, request_id, action, subject, before, after)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            SYSTEM_ACTOR if caller.principal is SYSTEM.principal else caller.name,
            caller.principal.user_name or caller.principal.application_name,
            credential_of(caller),
            caller.request_id,
            action,
            subject,
            _plain(before),
            _plain(after),
        )

    async def record_each(
        self, caller: Caller, action: str, subjects: Sequence[str], before: Sequence[Any], after: Sequence[Any]
    ) -> None:
        """The same change of several things, one row each; see `record`."""
        await self.executor.execute(
            """
            insert into audit_event (actor, actor_name, credential, request_id, action, subject, before, after)
            select $1, $2, $3, $4, $5, changed.subject, changed.before, changed.after
            from unnest($6::text[], $7::jsonb[], $8::jsonb[]) with ordinality
                as changed (subject, before, after, place) order by place
            """,
            SYSTEM_ACTOR if caller.principal is SYSTEM.principal else caller.name,
            caller.principal.user_name or caller.principal.application_name,
            credential_of(caller),
            caller.request_id,
            action,
            list(subjects),
            [_plain(value) for value in before],
            [_plain(value) for value in after],
        )

    async def list_newest(
        self,
        *,
        actor: str | None,
        subject: str | None,
        action: str | None,
        since: dt.datetime | None,
        until: dt.datetime | None,
        before: tuple[dt.datetime, int] | None,
        limit: int,
    ) -> list[AuditEvent]:
        """Newest first; `since` is included, `until` is not; `before` is the sort key of the last one seen."""
        at, event_id = before or (None, None)
        return await self.executor.fetch_all(
            AuditEvent,
            """
            select id, at, actor, actor_name, credential, request_id, action, subject, before, after from audit_event
            where (at, id) < (coalesce($4::timestamptz, 'infinity'), $5::bigint)
                and at >= coalesce($6::timestamptz, '-infinity') and at < coalesce($7::timestamptz, 'infinity')
            """
            # a filter that is not asked for stays out, so that the plan is that of the index of the one that is
            + ("and actor = $1 " if actor is not None else "and $1::text is null ")
            + ("and subject = $2 " if subject is not None else "and $2::text is null ")
            + ("and action = $3 " if action is not None else "and $3::text is null ")
            + "order by at desc, id desc limit $8",
            actor,
            subject,
            action,
            at,
            event_id,
            since,
            until,
            limit,
        )

    async def forget_name(self, user_id: int) -> int:
        """Of a user who is erased: what he did stays, under `user:{id}`; answers how many events had the name."""
        return await self.executor.execute(
            """
            update audit_event set actor_name = null where actor = 'user:' || $1::integer and actor_name is not null
            """,
            user_id,
        )

    async def try_lock(self) -> bool:
        """Until the end of the transaction nobody else seals."""
        return await self.executor.fetch_value("select pg_try_advisory_xact_lock($1)", SEAL_LOCK)

    async def list_unsealed(self, at_most: int) -> list[Unsealed]:
        """In the order of their transactions, so that the note of how far we are can follow.

        Reads on from that note. One that lies in the future was brought here from another server with a backup:
        then everything is looked at, once.
        """
        return await self.executor.fetch_all(
            Unsealed,
            """
            with now as materialized (
                select pg_snapshot_xmin(pg_current_snapshot()) as oldest,
                    pg_snapshot_xmax(pg_current_snapshot()) as next
            ), bounds as materialized (
                select coalesce(sealed_before, '0') as since,
                    case when sealed_before is null then '18446744073709551615'::xid8 else next end as until
                from now left join audit_head on sealed_before <= next
            )
            select audit_event.id, audit_event.transaction_id::text, now.oldest::text, now.next::text,
            """
            + COLUMNS
            + """ as columns
            from audit_event cross join now
            where transaction_id >= (select since from bounds) and transaction_id < (select until from bounds)
                -- one look-up a row: a join could be planned over all seals
                and (select number from audit_seal where event_id = audit_event.id) is null
            order by audit_event.transaction_id, audit_event.id limit $1
            """,
            at_most,
        )

    async def find_head(self) -> Head | None:
        return await self.executor.fetch_one(Head, "select number, digest, signature from audit_head")

    async def insert_seals(self, after: int, event_ids: Sequence[int], digests: Sequence[bytes]) -> None:
        """Numbered on from `after`."""
        await self.executor.execute(
            """
            insert into audit_seal (number, event_id, digest)
            select $1 + place, event_id, digest
            from unnest($2::bigint[], $3::bytea[]) with ordinality as sealed (event_id, digest, place)
            """,
            after,
            event_ids,
            digests,
        )

    async def put_head(self, head: Head, sealed_before: int) -> None:
        await self.executor.execute(
            """
            insert into audit_head (number, digest, signature, sealed_before) values ($1, $2, $3, $4::text::xid8)
            on conflict (is_only) do update set number = excluded.number, digest = excluded.digest,
                signature = excluded.signature, sealed_before = excluded.sealed_before
            """,
            head.number,
            head.digest,
            head.signature,
            str(sealed_before),
        )

    async def state(self) -> State:
        """How far the chain reaches, all of it at one moment."""
        found = await self.executor.fetch_one(
            State,
            """
            with waiting as (
                select id, transaction_id from audit_event
                where not exists (select from audit_seal where event_id = audit_event.id)
            )
            select (select row_to_json(head) from (
                    select number, encode(digest, 'base64') as digest, encode(signature, 'base64') as signature
                    from audit_head
                ) as head) as head,
                (select row_to_json(cut) from (
                    select number, encode(digest, 'base64') as digest, encode(signature, 'base64') as signature
                    from audit_cut
                ) as cut) as cut,
                coalesce((select max(number) from audit_seal), (select number from audit_cut), 0) as last_number,
                (select count(*) from waiting) as waiting,
                (
                    select min(id) from waiting
                    join audit_head on transaction_id < sealed_before
                        and sealed_before <= pg_snapshot_xmax(pg_current_snapshot())
                ) as behind
            """,
        )
        return found or State()

    async def list_links(self, after: int, up_to: int, at_most: int) -> list[Link]:
        return await self.executor.fetch_all(
            Link,
            "select audit_seal.number, event_id, digest, case when audit_event.id is not null then"
            + COLUMNS
            + """
                end as columns
            from audit_seal left join audit_event on audit_event.id = event_id
            where number > $1 and number <= $2 order by number limit $3
            """,
            after,
            up_to,
            at_most,
        )


def _plain(value: Any) -> Any:
    return None if value is None else msgspec.to_builtins(value)
