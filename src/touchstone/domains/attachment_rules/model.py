"""What rules may be asked for, and what may be wrong with them."""

import datetime as dt
from enum import StrEnum

import msgspec

from touchstone.errors import Invalid, InvalidValue, Refused


class RuleState(StrEnum):
    """`stale`: the rule has attached results since its issue was closed, and will go on."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    EXPIRED = "expired"
    STALE = "stale"


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """What people change of a rule later on."""

    id: int
    issue_id: int
    enabled: bool
    expires_at: dt.datetime | None


class RuleOfOtherIssue(Refused):
    """Attachment rule not attached to given issue"""


class PatternUnusable(InvalidValue):
    """{reason}"""

    def __init__(self, field: str, pattern: str, reason: str) -> None:
        super().__init__(location=("body", field), reason=reason, value=pattern)


class TooMuchPast(Invalid):
    """The results of the last {days} days take too long to look through: ask for fewer days, or narrow the rule down"""
