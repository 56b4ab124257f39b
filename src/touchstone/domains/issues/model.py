"""Issues as rows, and what may be wrong with them."""

import msgspec

from touchstone.domains.shapes.issues import IssueSource, IssueStatus
from touchstone.errors import NotFound


class IssueRow(msgspec.Struct, frozen=True, kw_only=True):
    """What people change of an issue, and where its tracker has it."""

    id: int
    source: IssueSource
    host: str
    project: str
    key: str
    title: str
    status: IssueStatus
    auto_rerun_enabled: bool


class Attached(msgspec.Struct, frozen=True):
    """How many results were attached; none are when one of those that were named, `missing`, is not there."""

    count: int
    missing: int | None = None


class IssueNotFound(NotFound):
    """Issue not found"""


class AttachmentRuleNotFound(NotFound):
    """Attachment rule not found"""


class TestResultNotFound(NotFound):
    """Test result with id {id} not found"""

    __test__ = False
