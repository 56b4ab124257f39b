"""Dismissing notifications, with a note of who did it."""

from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.notifications.model import RecipientNotFound
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.domains.notifications.schemas import NotificationResponse
from touchstone.http.caller import Caller


class NotificationService:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def dismiss(
        self, caller: Caller, user_id: int | None, notification_id: int, shown: list[str]
    ) -> NotificationResponse:
        """Again changes nothing. Raises RecipientNotFound, NotificationNotFound."""
        async with self.database.transaction() as transaction:
            notifications = NotificationRepository(transaction)
            if user_id is None:
                raise RecipientNotFound
            await notifications.require_user(user_id)
            notification, is_new = await notifications.dismiss(user_id, notification_id, shown)
            if is_new:
                await AuditRepository(transaction).record(
                    caller, "dismiss_notification", f"notification:{notification_id}", after={"user_id": user_id}
                )
            return notification
