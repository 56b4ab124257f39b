"""The tables `webhook_delivery` and `webhook_attempt`."""

from collections.abc import Collection, Sequence
from typing import Any, LiteralString

from touchstone.adapters.webhook_sender import Sent
from touchstone.database.executor import Executor
from touchstone.domains.webhooks.model import NEEDED, PING, Delivery, DeliveryNotFound, DeliveryStatus, DueDelivery
from touchstone.domains.webhooks.schemas import DeliveryAttempt

LARGEST_ID = 2**63 - 1

SELECT_DELIVERY: LiteralString = """
    select id, webhook_id, message_id, event, status, attempts,
        case when status = 'waiting' then greatest(next_attempt_at, created_at) end as next_attempt_at,
        last_status, last_error, created_at, ended_at
    from webhook_delivery
"""

# Whether the owner of `webhook` may see what `outbox` tells of, as things stand now: by a permission that he holds, or
# that needs nobody to hold it, and as the thing belonged when it was told. The first values of every statement that
# holds this are those of `needed`.
MAY_HEAR: LiteralString = """
    exists (
        select from unnest($2::text[], $3::text[]) as needed (event_group, permission)
        left join app_user as person on person.id = substring(webhook.owner from '^user:([0-9]{1,9})$')::int
        left join application on application.id = substring(webhook.owner from '^application:([0-9]{1,9})$')::int
        where needed.event_group = split_part(outbox.event, '.', 1)
            and (person.id is not null or application.id is not null)
            and (person.is_admin or (
                needed.permission = any ($1::text[] || application.permissions) or exists (
                    select from team_member join team on team.id = team_member.team_id
                    where team_member.user_id = person.id and needed.permission = any (team.permissions)
                )
            ) and (
                outbox.visibility = 'everyone' or outbox.owner = webhook.owner
                or outbox.visibility = 'team' and exists (
                    select from team_member where team_id = outbox.team_id and user_id = person.id
                )
            ))
    )
"""

# Of pings ($7) there is nothing to see.
SELECT_LEASED: LiteralString = (
    """
    select leased.id, webhook_id, url, message_id, leased.event, leased.payload::text as body, attempts as attempt,
        array(
            select value from webhook_secret
            where webhook_id = leased.webhook_id and coalesce(expires_at > now(), true) order by id desc
        ) as secrets, leased.event = $7 or coalesce("""
    + MAY_HEAR
    + """, false) as may_hear
    from leased join webhook on webhook.id = webhook_id left join outbox on outbox.id = outbox_id
    """
)


def needed(open_permissions: Collection[str]) -> tuple[list[str], list[str], list[str]]:
    """The values of MAY_HEAR: what needs no principal, and for each group of events the permission to see them."""
    return [*open_permissions], [*NEEDED], [*NEEDED.values()]


class DeliveryRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, webhook_id: int, delivery_id: int) -> Delivery:
        row = await self.executor.fetch_one(
            Delivery, SELECT_DELIVERY + "where id = $1 and webhook_id = $2", delivery_id, webhook_id
        )
        if row is None:
            raise DeliveryNotFound(id=delivery_id, webhook_id=webhook_id)
        return row

    async def list_newest(
        self, webhook_id: int, *, status: DeliveryStatus | None, before: int | None, limit: int
    ) -> list[Delivery]:
        return await self.executor.fetch_all(
            Delivery,
            SELECT_DELIVERY
            + """
            where webhook_id = $1 and ($2::text is null or status = $2) and id < coalesce($3::bigint, $5)
            order by webhook_id, id desc limit $4
            """,
            webhook_id,
            status,
            before,
            limit,
            LARGEST_ID,
        )

    async def list_attempts(self, delivery_id: int) -> list[DeliveryAttempt]:
        return await self.executor.fetch_all(
            DeliveryAttempt,
            """
            select number, at, duration_ms, status, error from webhook_attempt
            where delivery_id = $1 order by number limit 1000
            """,
            delivery_id,
        )

    async def message_of(self, delivery_id: int) -> dict[str, Any]:
        return await self.executor.fetch_value("select payload from webhook_delivery where id = $1", delivery_id)

    async def fan_out(self, event_ids: Sequence[int], open_permissions: Collection[str]) -> int:
        """One delivery for each webhook that wants an event and whose owner may see what it is about."""
        return await self.executor.execute(
            """
            insert into webhook_delivery (webhook_id, outbox_id, message_id, event, payload)
            select webhook.id, outbox.id, 'msg_' || replace(gen_random_uuid()::text, '-', ''), outbox.event,
                jsonb_build_object('type', outbox.event, 'data', outbox.payload, 'timestamp',
                    to_char(outbox.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
            from outbox join webhook on webhook.is_enabled
                and webhook.events && array[outbox.event, split_part(outbox.event, '.', 1) || '.*', '*']
            where outbox.id = any($4::bigint[]) and """
            + MAY_HEAR
            + """
            order by outbox.id, webhook.id
            """,
            *needed(open_permissions),
            event_ids,
        )

    async def insert_ping(self, webhook_id: int, message: Any) -> int:
        """Answers the id. Sent once, whether it is delivered or not, and due since ever, which no other delivery is."""
        return await self.executor.fetch_value(
            """
            insert into webhook_delivery (webhook_id, message_id, event, payload, next_attempt_at, give_up_at)
            values ($1, 'msg_' || replace(gen_random_uuid()::text, '-', ''), $2, $3, 'epoch', now()) returning id
            """,
            webhook_id,
            PING,
            message,
        )

    async def insert_replay(self, delivery_id: int) -> int:
        """The same message under the same id, for another day. Answers the id of the new delivery."""
        return await self.executor.fetch_value(
            """
            insert into webhook_delivery (webhook_id, outbox_id, message_id, event, payload)
            select webhook_id, outbox_id, message_id, event, payload from webhook_delivery where id = $1 returning id
            """,
            delivery_id,
        )

    async def claim_due(
        self, at_most: int, at_most_each: int, lease_seconds: float, open_permissions: Collection[str]
    ) -> list[DueDelivery]:
        """Leases what is due, no more than so many of each webhook at once, so that a slow one holds up no other.

        Of a disabled webhook only pings are.
        """
        return await self.executor.fetch_all(
            DueDelivery,
            """
            with due as (
                select found.id from webhook cross join lateral (
                    select id, next_attempt_at from webhook_delivery
                    where webhook_id = webhook.id and status = 'waiting' and coalesce(leased_until < now(), true)
                        and next_attempt_at <= case when webhook.is_enabled then now() else 'epoch' end
                    order by next_attempt_at, id
                    limit greatest(0, $5 - (
                        select count(*) from webhook_delivery
                        where webhook_id = webhook.id and status = 'waiting' and leased_until >= now()
                    ))
                    for update skip locked
                ) as found
                order by found.next_attempt_at, found.id limit $4
            ), leased as (
                update webhook_delivery
                set leased_until = now() + $6::float8 * interval '1 second', attempts = attempts + 1
                from due where webhook_delivery.id = due.id
                returning webhook_delivery.id, webhook_id, outbox_id, message_id, event, payload, attempts
            )
            """
            + SELECT_LEASED,
            *needed(open_permissions),
            at_most,
            at_most_each,
            lease_seconds,
            PING,
        )

    async def end_if_leased(self, due: DueDelivery, sent: Sent) -> bool:
        """Delivered; a later attempt and a delivery that has ended are left alone."""
        touched = await self.executor.execute(
            """
            update webhook_delivery set status = 'delivered', ended_at = now(), leased_until = null, last_status = $3,
                last_error = null
            where id = $1 and attempts = $2 and status = 'waiting'
            """,
            due.id,
            due.attempt,
            sent.status,
        )
        return touched > 0

    async def retry_if_leased(self, due: DueDelivery, sent: Sent, wait_seconds: float) -> DeliveryStatus | None:
        """Waits for the next attempt; the last is the one after the time to give up. None as for `end_if_leased`."""
        return await self.executor.fetch_value(
            """
            update webhook_delivery set
                status = case when give_up_at <= now() then 'failed' else status end,
                ended_at = case when give_up_at <= now() then now() end,
                next_attempt_at = least(now() + $5::float8 * interval '1 second', greatest(give_up_at, now())),
                leased_until = null, last_status = $3, last_error = $4
            where id = $1 and attempts = $2 and status = 'waiting'
            returning status
            """,
            due.id,
            due.attempt,
            sent.status,
            sent.error,
            wait_seconds,
        )

    async def refuse_if_leased(self, due: DueDelivery, reason: str) -> bool:
        """It ends undelivered. Answers as `end_if_leased`."""
        touched = await self.executor.execute(
            """
            update webhook_delivery set status = 'failed', ended_at = now(), leased_until = null, last_error = $3
            where id = $1 and attempts = $2 and status = 'waiting'
            """,
            due.id,
            due.attempt,
            reason,
        )
        return touched > 0

    async def insert_attempt(self, due: DueDelivery, sent: Sent) -> None:
        """At the time when it began."""
        await self.executor.execute(
            """
            insert into webhook_attempt (delivery_id, number, at, duration_ms, status, error)
            select $1, $2, now() - $3 * interval '1 millisecond', $3, $4, $5
            from webhook_delivery where id = $1
            on conflict do nothing
            """,
            due.id,
            due.attempt,
            sent.duration_ms,
            sent.status,
            sent.error,
        )

    async def give_up_expired(self, at_most: int = 1000) -> int:
        """Those whose day has passed while their webhook was disabled."""
        return await self.executor.execute(
            """
            update webhook_delivery set status = 'failed', ended_at = now(), last_error = 'the webhook was disabled'
            where id in (
                select webhook_delivery.id from webhook_delivery
                join webhook on webhook.id = webhook_id and not is_enabled
                where status = 'waiting' and give_up_at < now() and coalesce(leased_until < now(), true) and event <> $2
                limit $1 for update of webhook_delivery skip locked
            )
            """,
            at_most,
            PING,
        )

    async def delete_old(self, kept_days: int, at_most: int = 1000) -> int:
        """Those that ended so long ago, with their attempts."""
        return await self.executor.execute(
            """
            delete from webhook_delivery where id in (
                select id from webhook_delivery where ended_at < now() - $1 * interval '1 day'
                order by ended_at limit $2
            )
            """,
            kept_days,
            at_most,
        )
