"""The tables `webhook` and `webhook_secret`."""

from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.webhooks.model import MOST_WEBHOOKS, Failing, Webhook, WebhookNotFound
from touchstone.domains.webhooks.schemas import NewWebhook

SELECT_WEBHOOK: LiteralString = """
    select id, url, description, events, is_enabled, failing_since, disabled_reason, owner, created_at, updated_at
    from webhook
"""


class WebhookRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_all(self) -> list[Webhook]:
        return await self.executor.fetch_all(Webhook, SELECT_WEBHOOK + "order by id limit $1", MOST_WEBHOOKS)

    async def get(self, webhook_id: int) -> Webhook:
        row = await self.executor.fetch_one(Webhook, SELECT_WEBHOOK + "where id = $1", webhook_id)
        if row is None:
            raise WebhookNotFound(id=webhook_id)
        return row

    async def lock(self, webhook_id: int) -> Webhook:
        """Until the end of the transaction nobody else changes it. Raises WebhookNotFound."""
        row = await self.executor.fetch_one(Webhook, SELECT_WEBHOOK + "where id = $1 for update", webhook_id)
        if row is None:
            raise WebhookNotFound(id=webhook_id)
        return row

    async def count(self) -> int:
        return await self.executor.fetch_value("select count(*) from webhook")

    async def insert(self, new: NewWebhook, owner: str) -> int:
        """Answers the id."""
        return await self.executor.fetch_value(
            """
            insert into webhook (url, description, events, is_enabled, owner) values ($1, $2, $3, $4, $5) returning id
            """,
            new.url,
            new.description,
            new.events,
            new.is_enabled,
            owner,
        )

    async def replace(self, changed: Webhook) -> None:
        """With what may be changed; whoever switches it, on or off, forgets its failures."""
        await self.executor.execute(
            """
            update webhook set url = $2, description = $3, events = $4, owner = $5, is_enabled = $6,
                failing_since = case when is_enabled = $6 then failing_since end,
                disabled_reason = case when is_enabled = $6 then disabled_reason end, updated_at = now()
            where id = $1
            """,
            changed.id,
            changed.url,
            changed.description,
            changed.events,
            changed.owner,
            changed.is_enabled,
        )

    async def delete(self, webhook_id: int) -> None:
        await self.executor.execute("delete from webhook where id = $1", webhook_id)

    async def add_secret(self, webhook_id: int, value: bytes, keep_seconds: int) -> None:
        """The secrets before it end after so long, or when they were to end anyway."""
        await self.executor.execute(
            """
            update webhook_secret set expires_at = least(expires_at, now() + $2 * interval '1 second')
            where webhook_id = $1
            """,
            webhook_id,
            keep_seconds,
        )
        await self.executor.execute("insert into webhook_secret (webhook_id, value) values ($1, $2)", webhook_id, value)

    async def count_secrets(self, webhook_id: int) -> int:
        """Those that sign."""
        return await self.executor.fetch_value(
            "select count(*) from webhook_secret where webhook_id = $1 and coalesce(expires_at > now(), true)",
            webhook_id,
        )

    async def delete_expired_secrets(self, at_most: int = 1000) -> int:
        return await self.executor.execute(
            """
            delete from webhook_secret where id in (
                select id from webhook_secret where expires_at < now() order by expires_at limit $1
            )
            """,
            at_most,
        )

    async def note_success(self, webhook_id: int) -> None:
        await self.executor.execute(
            "update webhook set failing_since = null where id = $1 and failing_since is not null", webhook_id
        )

    async def note_failure(self, webhook_id: int, long_seconds: int) -> Failing | None:
        """None when it is gone or disabled."""
        return await self.executor.fetch_one(
            Failing,
            """
            update webhook set failing_since = coalesce(failing_since, now()) where id = $1 and is_enabled
            returning owner, failing_since < now() - $2 * interval '1 second' as is_long
            """,
            webhook_id,
            long_seconds,
        )

    async def disable_if_enabled(self, webhook_id: int, reason: str) -> bool:
        touched = await self.executor.execute(
            """
            update webhook set is_enabled = false, disabled_reason = $2, updated_at = now()
            where id = $1 and is_enabled
            """,
            webhook_id,
            reason,
        )
        return touched > 0
