"""What a search is about: between the fields AND, within one OR. An empty list asks for nothing."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from touchstone.domains.families.model import FamilyName
from touchstone.domains.shapes.executions import TestExecutionStatus
from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.http.row_ids import RowId

MOST_VALUES = 10_000

Sentinel = Literal["any", "none"]
Asked = list[int] | Sentinel
"""Ids, or whether there is one at all; an empty list asks for nothing."""

Words = Annotated[list[str], Meta(max_length=MOST_VALUES)]
Families = Annotated[list[FamilyName], Meta(max_length=MOST_VALUES)]
Ids = Annotated[list[RowId], Meta(max_length=MOST_VALUES)]
ExecutionStatuses = Annotated[list[TestExecutionStatus], Meta(max_length=MOST_VALUES)]
ResultStatuses = Annotated[list[TestResultStatus], Meta(max_length=MOST_VALUES)]
MetadataWord = Annotated[str, Meta(min_length=1, max_length=200)]
ExecutionMetadata = Annotated[
    dict[MetadataWord, Annotated[list[MetadataWord], Meta(max_length=MOST_VALUES)]], Meta(max_length=MOST_VALUES)
]


def not_negative(number: int) -> int:
    """Raises ValueError."""
    if number < 0:
        raise ValueError("Input should be greater than or equal to 0")
    return number


# the contract names no least number
Count = Annotated[int, Meta(le=2**63 - 1, extra={"check": not_negative})]


class Filters(msgspec.Struct, kw_only=True):
    """What is asked of executions and of what was tested.

    `execution_metadata`: of each category one of the values. `execution_is_latest`: none of the same plan, build and
    environment has a higher id. Both dates are included.
    """

    families: Families = []
    artefacts: Words = []
    artefact_versions: Words = []
    artefact_stages: Words = []
    artefact_tracks: Words = []
    artefact_is_archived: bool | None = None
    environments: Words = []
    test_plans: Words = []
    execution_metadata: ExecutionMetadata = {}
    test_execution_statuses: ExecutionStatuses = []
    reviewer_ids: Ids | Sentinel = []
    assignee_ids: Ids | Sentinel | None = None
    rerun_is_requested: bool | None = None
    execution_is_latest: bool | None = None
    from_date: dt.datetime | None = None
    until_date: dt.datetime | None = None

    @property
    def reviewers(self) -> Asked:
        """`assignee_ids` is what `reviewer_ids` was called once."""
        return self.reviewer_ids or self.assignee_ids or []

    @property
    def narrows_executions(self) -> bool:
        """Whether anything but dates is asked of executions."""
        listed = [
            self.families,
            self.artefacts,
            self.artefact_versions,
            self.artefact_stages,
            self.artefact_tracks,
            self.environments,
            self.test_plans,
            self.execution_metadata,
            self.test_execution_statuses,
            self.reviewers,
        ]
        stated = [self.artefact_is_archived, self.rerun_is_requested, self.execution_is_latest]
        return any(listed) or any(one is not None for one in stated)

    @property
    def has_dates(self) -> bool:
        return self.from_date is not None or self.until_date is not None


class TestResultSearchFilters(Filters, kw_only=True):
    """The dates are those of results. `offset` and `limit` count from the newest result; searches page otherwise."""

    __test__ = False

    test_cases: Words = []
    template_ids: Words = []
    issues: Ids | Sentinel = []
    test_result_statuses: ResultStatuses = []
    limit: Count | None = None
    offset: Count | None = None

    @property
    def is_empty(self) -> bool:
        """Dates alone are no filter here."""
        asked = [self.test_cases, self.template_ids, self.issues, self.test_result_statuses]
        return not self.narrows_executions and not any(asked)

    def whatever_the_issues(self) -> "TestResultSearchFilters":
        return msgspec.structs.replace(self, issues=[])


class TestExecutionRerunFilters(Filters, kw_only=True):
    """The dates are those of the last change to an execution by its runner or by people."""

    __test__ = False

    @property
    def is_empty(self) -> bool:
        return not self.narrows_executions and not self.has_dates


class TestExecutionSearchFilters(TestExecutionRerunFilters, kw_only=True):
    """`test_result`: ids of results, or whether there are any."""

    __test__ = False

    event_names: Words | Sentinel = []
    test_result: Annotated[list[int], Meta(max_length=MOST_VALUES)] | Sentinel = "any"
