"""What clients send and get."""

from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.filters.schemas import TestResultSearchFilters
from touchstone.domains.shapes.attachment_rules import AttachmentRuleResponse
from touchstone.domains.shapes.issues import IssueSource, IssueStatus, MinimalIssueResponse
from touchstone.http.decoding.urls import Url
from touchstone.http.row_ids import RowId

MOST_RESULTS = 1_000_000

PageSize = Annotated[int, Meta(ge=1, le=1000)]
Offset = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Title = Annotated[str, Meta(max_length=10_000)]
Sought = Annotated[str, Meta(max_length=1000)]


class IssuePatchRequest(msgspec.Struct, kw_only=True):
    """What is null or absent stays."""

    title: Title | None = None
    status: IssueStatus | None = None
    auto_rerun_enabled: bool | None = None


class IssuePutRequest(IssuePatchRequest, kw_only=True):
    """`url` is the page of the issue in its tracker."""

    url: Url


class IssueAttachmentRequest(msgspec.Struct, kw_only=True):
    """The results that are named and those that the filters find. The rule is noted where results are attached."""

    test_results: Annotated[list[int], Meta(max_length=MOST_RESULTS)] | None = None
    test_results_filters: TestResultSearchFilters | None = None
    attachment_rule: RowId | None = None

    @property
    def is_bulk(self) -> bool:
        """Whether more than one result may be meant."""
        is_wide = self.test_results_filters is not None or self.attachment_rule is not None
        return is_wide or len(self.test_results or ()) > 1


class IssueResponse(msgspec.Struct, kw_only=True):
    """`attachment_rules` are all of the issue's, enabled or not."""

    id: int
    source: IssueSource
    project: str
    key: str
    title: str
    status: IssueStatus
    url: str
    labels: list[str] | None = None
    auto_rerun_enabled: bool
    attachment_rules: list[AttachmentRuleResponse]


class IssuesGetResponse(msgspec.Struct, kw_only=True):
    """`count` is of all that match, not of this page."""

    issues: list[MinimalIssueResponse]
    count: int
    limit: int
    offset: int
