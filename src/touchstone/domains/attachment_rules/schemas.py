"""What clients send and get."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from touchstone.domains.attachment_rules.patterns import LONGEST_PATTERN, require_bounded
from touchstone.domains.filters.schemas import (
    ExecutionMetadata,
    Families,
    ResultStatuses,
    TestResultSearchFilters,
    Words,
)
from touchstone.domains.shapes.attachment_rules import AttachmentRuleResponse
from touchstone.domains.shapes.issues import MinimalIssueResponse, TestResultStatus

PageSize = Annotated[int, Meta(ge=1, le=1000)]
Days = Annotated[int, Meta(ge=1, le=365)]
Pattern = Annotated[str, Meta(min_length=1, max_length=LONGEST_PATTERN, extra={"check": require_bounded})]


class IssueTestResultAttachmentRulePostRequest(msgspec.Struct, kw_only=True):
    """What new results must be like; an empty list asks for nothing, and of each category one value must be there.

    Patterns are Postgres' advanced regular expressions without references back and looks around; `(?i)` at the
    beginning makes them take capitals for small letters. They may be found anywhere in the text.
    """

    enabled: bool = True
    families: Families = []
    artefacts: Words = []
    artefact_versions: Words = []
    artefact_stages: Words = []
    artefact_tracks: Words = []
    environment_names: Words = []
    test_case_names: Words = []
    template_ids: Words = []
    test_plans: Words = []
    test_result_statuses: ResultStatuses = []
    execution_metadata: ExecutionMetadata = {}
    comment_pattern: Pattern | None = None
    io_log_pattern: Pattern | None = None
    expires_at: dt.datetime | None = None

    def past(self, days: int, now: dt.datetime) -> TestResultSearchFilters:
        """The same asked of results that are there, without the patterns."""
        return TestResultSearchFilters(
            families=self.families,
            artefacts=self.artefacts,
            artefact_versions=self.artefact_versions,
            artefact_stages=self.artefact_stages,
            artefact_tracks=self.artefact_tracks,
            environments=self.environment_names,
            test_cases=self.test_case_names,
            template_ids=self.template_ids,
            test_plans=self.test_plans,
            test_result_statuses=self.test_result_statuses,
            execution_metadata=self.execution_metadata,
            from_date=now - dt.timedelta(days=days),
        )


class IssueTestResultAttachmentRulePatchRequest(msgspec.Struct, kw_only=True):
    """What is absent stays; `expires_at` null: never."""

    enabled: bool | None = None
    expires_at: dt.datetime | UnsetType | None = UNSET


class TriedResult(msgspec.Struct, kw_only=True):
    """One that the rule would have attached."""

    test_result_id: int
    test_execution_id: int
    artefact_id: int
    artefact: str
    version: str
    environment: str
    test_plan: str
    test_case: str
    status: TestResultStatus
    comment: str
    created_at: dt.datetime


class AttachedElsewhere(msgspec.Struct, kw_only=True):
    """Results that the rule would have attached, and that people have tied to this other issue: some, and how many."""

    issue: MinimalIssueResponse
    count: int
    test_result_ids: list[int]


class AttachmentRuleTrial(msgspec.Struct, kw_only=True):
    """What a rule would have done in so many days; nothing is saved. `sample` are the newest of the matched results."""

    matched: int
    days: int
    sample: list[TriedResult]
    attached_elsewhere: list[AttachedElsewhere]


class AppliedRule(msgspec.Struct):
    """How many past results the rule has attached now; those that were attached already do not count."""

    attached: int
    days: int


class ListedAttachmentRule(AttachmentRuleResponse, kw_only=True):
    issue: MinimalIssueResponse


class AttachmentRules(msgspec.Struct):
    """Newest first; `next_cursor` leads on, null at the end."""

    items: list[ListedAttachmentRule]
    next_cursor: str | None
