"""`/users/me/notifications` and `/users/{user_id}/notifications`."""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from touchstone.domains.notifications.model import (
    NotificationNotFound,
    NotificationType,
    RecipientNotFound,
    types_shown,
)
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.domains.notifications.schemas import NotificationResponse, NotificationsResponse, Offset, PageSize
from touchstone.domains.notifications.service import NotificationService
from touchstone.http.caller import Caller
from touchstone.http.guards import (
    NotAuthenticated,
    NotForApplications,
    a_user,
    anybody_unless_required,
    requires,
)
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId

Types = list[NotificationType]


class OwnNotificationController(Controller):
    """The caller's own; who is no user has none."""

    path = "/api/v1/users/me/notifications"
    tags = ["notifications"]

    @get(
        guards=[anybody_unless_required],
        operation_id="get_own_notifications_v1_users_me_notifications_get",
        responses=failures(NotAuthenticated, NotForApplications),
    )
    async def get_own_notifications(
        self,
        caller: NamedDependency[Caller],
        notifications: NamedDependency[NotificationRepository],
        limit: FromQuery[PageSize] = 50,
        offset: FromQuery[Offset] = 0,
        unread_only: FromQuery[bool] = False,
        notification_type: FromQuery[Types | None] = None,
    ) -> NotificationsResponse:
        """The caller's notifications, newest first; of the types that are named, or of all that the contract has."""
        shown = types_shown(caller.accepts_extensions, notification_type or ())
        user_id = _user_of(caller)
        if user_id is None:
            return NotificationsResponse(notifications=[], count=0, limit=limit, offset=offset)
        return await _page(notifications, user_id, shown, unread_only, limit, offset)

    @get(
        "/count",
        guards=[anybody_unless_required],
        operation_id="get_own_notification_count_v1_users_me_notifications_count_get",
        responses=failures(NotAuthenticated, NotForApplications),
    )
    async def get_own_notification_count(
        self,
        caller: NamedDependency[Caller],
        notifications: NamedDependency[NotificationRepository],
        unread_only: FromQuery[bool] = False,
        notification_type: FromQuery[Types | None] = None,
    ) -> int:
        """How many notifications the caller has."""
        shown = types_shown(caller.accepts_extensions, notification_type or ())
        user_id = _user_of(caller)
        return 0 if user_id is None else await notifications.count(user_id, shown, unread_only=unread_only)

    @post(
        "/{notification_id:str}/dismiss",
        guards=[a_user],
        operation_id="mark_own_notification_as_read_v1_users_me_notifications__notification_id__dismiss_post",
        status_code=200,
        responses=failures(NotAuthenticated, NotForApplications, NotificationNotFound),
    )
    async def mark_own_notification_as_read(
        self,
        notification_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        notification_service: NamedDependency[NotificationService],
    ) -> NotificationResponse:
        """Dismisses one of the caller's notifications; again changes nothing."""
        shown = types_shown(caller.accepts_extensions, ())
        return await notification_service.dismiss(caller, caller.principal.user_id, notification_id, shown)


class NotificationController(Controller):
    """Those of any user."""

    path = "/api/v1/users/{user_id:str}/notifications"
    tags = ["notifications"]

    @get(
        guards=[requires("view_notification")],
        operation_id="get_notifications_v1_users__user_id__notifications_get",
        responses=failures(RecipientNotFound),
    )
    async def get_notifications(
        self,
        user_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        notifications: NamedDependency[NotificationRepository],
        limit: FromQuery[PageSize] = 50,
        offset: FromQuery[Offset] = 0,
        unread_only: FromQuery[bool] = False,
        notification_type: FromQuery[Types | None] = None,
    ) -> NotificationsResponse:
        """A user's notifications, newest first; of the types that are named, or of all that the contract has."""
        await notifications.require_user(user_id)
        shown = types_shown(caller.accepts_extensions, notification_type or ())
        return await _page(notifications, user_id, shown, unread_only, limit, offset)

    @get(
        "/count",
        guards=[requires("view_notification")],
        operation_id="get_notification_count_v1_users__user_id__notifications_count_get",
        responses=failures(RecipientNotFound),
    )
    async def get_notification_count(
        self,
        user_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        notifications: NamedDependency[NotificationRepository],
        unread_only: FromQuery[bool] = False,
        notification_type: FromQuery[Types | None] = None,
    ) -> int:
        """How many notifications a user has."""
        await notifications.require_user(user_id)
        shown = types_shown(caller.accepts_extensions, notification_type or ())
        return await notifications.count(user_id, shown, unread_only=unread_only)

    @post(
        "/{notification_id:str}/dismiss",
        guards=[requires("change_notification")],
        operation_id="mark_notification_as_read_v1_users__user_id__notifications__notification_id__dismiss_post",
        status_code=200,
        responses=failures(RecipientNotFound, NotificationNotFound),
    )
    async def mark_notification_as_read(
        self,
        user_id: FromPath[RowId],
        notification_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        notification_service: NamedDependency[NotificationService],
    ) -> NotificationResponse:
        """Dismisses one of a user's notifications; again changes nothing."""
        shown = types_shown(caller.accepts_extensions, ())
        return await notification_service.dismiss(caller, user_id, notification_id, shown)


def _user_of(caller: Caller) -> int | None:
    """Raises NotForApplications where everybody has to be somebody."""
    user_id = caller.principal.user_id
    if user_id is None and caller.is_authentication_required:
        raise NotForApplications
    return user_id


async def _page(
    notifications: NotificationRepository, user_id: int, shown: list[str], unread_only: bool, limit: int, offset: int
) -> NotificationsResponse:
    found = await notifications.list_newest(user_id, shown, unread_only=unread_only, limit=limit, offset=offset)
    count = await notifications.count(user_id, shown, unread_only=unread_only)
    return NotificationsResponse(notifications=found, count=count, limit=limit, offset=offset)
