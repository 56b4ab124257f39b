"""The table `outbox`."""

from collections.abc import Mapping, Sequence
from typing import Any

from touchstone.database.executor import Executor
from touchstone.domains.belonging.model import Belonging
from touchstone.domains.outbox.model import OutboxEvent

KEPT_DAYS = 7


class OutboxRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, event: str, subject: str, payload: Any, belonging: Belonging) -> None:
        await self.executor.execute(
            """
            insert into outbox (event, subject, payload, visibility, owner, team_id) values ($1, $2, $3, $4, $5, $6)
            """,
            event,
            subject,
            payload,
            belonging.visibility,
            belonging.owner,
            belonging.team,
        )

    async def insert_each(self, event: str, payloads: Mapping[str, Any]) -> None:
        """One for each subject, in their order, for everybody."""
        await self.executor.execute(
            """
            insert into outbox (event, subject, payload)
            select $1, given.subject, given.payload
            from unnest($2::text[], $3::jsonb[]) with ordinality as given (subject, payload, place) order by place
            """,
            event,
            list(payloads),
            list(payloads.values()),
        )

    async def take_waiting(self, at_most: int) -> list[OutboxEvent]:
        """The oldest that nobody else is working on; locked until the end of the transaction."""
        return await self.executor.fetch_all(
            OutboxEvent,
            """
            select id, event, subject, payload, created_at from outbox
            where handled_at is null order by id limit $1 for update skip locked
            """,
            at_most,
        )

    async def mark_handled(self, event_ids: Sequence[int]) -> None:
        await self.executor.execute("update outbox set handled_at = now() where id = any($1::bigint[])", event_ids)

    async def delete_handled(self, at_most: int = 1000) -> int:
        """Those handled some days ago, but what a delivery tells of: it says who may be told of that again."""
        return await self.executor.execute(
            """
            delete from outbox where id in (
                select id from outbox where handled_at < now() - $1 * interval '1 day'
                    and not exists (select from webhook_delivery where outbox_id = outbox.id)
                order by handled_at limit $2
            )
            """,
            KEPT_DAYS,
            at_most,
        )
