"""The table `notification`. `shown` are the types that the caller is shown."""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.notifications.model import NotificationNotFound, NotificationType, RecipientNotFound
from touchstone.domains.notifications.schemas import NotificationResponse

# the contract's times have no zone
SELECT_NOTIFICATION: LiteralString = """
    select id, user_id, notification_type, target_url, created_at at time zone 'UTC' as created_at,
        dismissed_at at time zone 'UTC' as dismissed_at
    from notification
"""


class NotificationRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def add(self, user_ids: Sequence[int], kind: NotificationType, target_url: str | None = None) -> None:
        """One for each user who is there. Call it in the transaction of what they should know."""
        await self.executor.execute(
            """
            insert into notification (user_id, notification_type, target_url)
            select id, $2, $3 from app_user where id = any($1::int[])
            """,
            user_ids,
            kind,
            target_url,
        )

    async def add_for_administrators(
        self, kind: NotificationType, target_url: str | None = None, *, also: int | None = None
    ) -> None:
        """One for each administrator, and for the user `also`."""
        await self.executor.execute(
            """
            insert into notification (user_id, notification_type, target_url)
            select id, $2, $3 from app_user where is_admin or id = $1::int
            """,
            also,
            kind,
            target_url,
        )

    async def require_user(self, user_id: int) -> None:
        """Raises RecipientNotFound."""
        if not await self.executor.fetch_value("select exists (select from app_user where id = $1)", user_id):
            raise RecipientNotFound

    async def list_newest(
        self, user_id: int, shown: Sequence[str], *, unread_only: bool, limit: int, offset: int
    ) -> list[NotificationResponse]:
        return await self.executor.fetch_all(
            NotificationResponse,
            SELECT_NOTIFICATION
            + "where user_id = $1 and notification_type = any($2::text[])"
            + (" and dismissed_at is null" if unread_only else "")
            + " order by notification.created_at desc, id desc limit $3 offset $4",
            user_id,
            shown,
            limit,
            offset,
        )

    async def count(self, user_id: int, shown: Sequence[str], *, unread_only: bool) -> int:
        return await self.executor.fetch_value(
            "select count(*) from notification where user_id = $1 and notification_type = any($2::text[])"
            + (" and dismissed_at is null" if unread_only else ""),
            user_id,
            shown,
        )

    async def dismiss(
        self, user_id: int, notification_id: int, shown: Sequence[str]
    ) -> tuple[NotificationResponse, bool]:
        """And whether it was not dismissed before: the first time is kept. Raises NotificationNotFound."""
        changed = await self.executor.execute(
            """
            update notification set dismissed_at = now()
            where id = $2 and user_id = $1 and notification_type = any($3::text[]) and dismissed_at is null
            """,
            user_id,
            notification_id,
            shown,
        )
        found = await self.executor.fetch_one(
            NotificationResponse,
            SELECT_NOTIFICATION + "where id = $2 and user_id = $1 and notification_type = any($3::text[])",
            user_id,
            notification_id,
            shown,
        )
        if found is None:
            raise NotificationNotFound
        return found, changed > 0
