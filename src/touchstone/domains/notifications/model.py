"""What a user should know."""

from collections.abc import Iterable
from enum import StrEnum

from touchstone.errors import NotFound


class NotificationType(StrEnum):
    """The contract's come first; clients made from it break on ours."""

    USER_ASSIGNED_ARTEFACT_REVIEW = "USER_ASSIGNED_ARTEFACT_REVIEW"
    USER_ASSIGNED_ENVIRONMENT_REVIEW = "USER_ASSIGNED_ENVIRONMENT_REVIEW"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"


CONTRACT_TYPES = (
    NotificationType.USER_ASSIGNED_ARTEFACT_REVIEW,
    NotificationType.USER_ASSIGNED_ENVIRONMENT_REVIEW,
)


class NotificationNotFound(NotFound):
    """Notification not found"""


class RecipientNotFound(NotFound):
    """User not found"""


def types_shown(accepts_extensions: bool, named: Iterable[NotificationType]) -> list[str]:
    """Those that are named; else all that the caller's program can know."""
    chosen = set(named)
    known = tuple(NotificationType) if accepts_extensions else CONTRACT_TYPES
    return [str(kind) for kind in chosen or known]
