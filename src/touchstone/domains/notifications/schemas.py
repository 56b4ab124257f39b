"""What clients get; times are UTC and say no zone, as the contract has them."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.notifications.model import NotificationType

PageSize = Annotated[int, Meta(ge=1, le=1000)]
Offset = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class NotificationResponse(msgspec.Struct):
    id: int
    user_id: int
    notification_type: NotificationType
    target_url: str | None
    created_at: dt.datetime
    dismissed_at: dt.datetime | None


class NotificationsResponse(msgspec.Struct):
    notifications: list[NotificationResponse]
    count: int
    limit: int
    offset: int
