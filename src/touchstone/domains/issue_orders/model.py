"""Orders of issues, and what their texts are made of."""

import datetime as dt
import re
from enum import StrEnum
from string import Template

import msgspec

from touchstone.adapters.issue_tracker import Source, TrackerProject
from touchstone.errors import Conflict, NotFound

LONGEST_TITLE = 250
LONGEST_TEXT = 60_000


class OrderStatus(StrEnum):
    WANTED = "wanted"
    MADE = "made"
    FAILED = "failed"


class ResultFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What templates may say of a result."""

    artefact_id: int
    execution_id: int
    artefact: str
    version: str
    family: str
    stage: str
    environment: str
    architecture: str
    test_plan: str
    test_case: str
    template_id: str
    status: str
    comment: str
    ci_link: str

    def page(self, frontend: str, result_id: int) -> str:
        """Where people see the result."""
        query = f"testExecutionId={self.execution_id}&testResultId={result_id}"
        return f"{frontend}/{self.family}s/{self.artefact_id}?{query}"


class OrderTemplates(msgspec.Struct, frozen=True):
    """As the settings write them: `$field`, and line ends as `\\n`."""

    title: str
    text: str


class ClaimedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`leased_until` is the lease's mark."""

    id: int
    test_result_id: int | None
    source: Source
    host: str
    project: str
    marker: str
    title: str
    text: str
    labels: list[str]
    ordered_by: str
    attempts: int
    leased_until: dt.datetime

    @property
    def tracker_project(self) -> TrackerProject:
        return TrackerProject(self.source, self.project, self.host)


class IssueOrderNotFound(NotFound):
    """Issue order with id {id} not found"""


class ResultNotFound(NotFound):
    """Test result with id {id} not found"""


class ResultPassed(Conflict):
    """The test has passed: there is nothing to make an issue of"""


def filled(template: str, facts: ResultFacts, page: str) -> str:
    """What is no field stays as it is written."""
    return Template(template).safe_substitute({**msgspec.structs.asdict(facts), "page": page})


def title_of(template: str, facts: ResultFacts, page: str) -> str:
    """In one line, as long as trackers take it."""
    title = re.sub(r"\s+", " ", filled(template, facts, page)).strip()
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def text_of(template: str, facts: ResultFacts, page: str) -> str:
    """With a link back, whatever the template says."""
    text = filled(template, facts, page)[:LONGEST_TEXT].strip()
    return text if page in text else f"{text}\n\n{page}".strip()
