"""What clients send and get of test executions; requests that start one are in `start_requests`."""

import datetime as dt
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.execution_metadata.schemas import ExecutionMetadata
from touchstone.http.decoding.urls import LONGEST_URL, Url

CiLink = Annotated[str, Meta(max_length=LONGEST_URL, extra_json_schema={"format": "uri"})]
"""Taken as it comes: runners send what is no URL, too."""


class TestExecutionRelevantLinkCreate(msgspec.Struct, kw_only=True):
    __test__ = False

    label: Annotated[str, Meta(max_length=2000)]
    url: Url


class StartedTestExecution(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`conflict`: the CI link is that of an execution of something else; it is left as it is, and nothing is made."""

    id: int
    conflict: bool = False


class C3TestResultStatus(StrEnum):
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    SKIP = "skip"


class C3TestResult(msgspec.Struct, kw_only=True):
    name: str
    status: C3TestResultStatus
    category: str
    comment: str
    io_log: str
    template_id: str | None = None


class EndTestExecutionRequest(msgspec.Struct, kw_only=True):
    """`ci_link` is what the execution was started with; `test_results` replace all that it has."""

    ci_link: CiLink
    c3_link: Url | None = None
    checkbox_version: Annotated[str, Meta(max_length=200)] | None = None
    test_results: Annotated[list[C3TestResult], Meta(max_length=100_000)]


class NewStatus(StrEnum):
    """A status, or what the results say."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_TESTED = "NOT_TESTED"
    ENDED_PREMATURELY = "ENDED_PREMATURELY"
    COMPLETED = "COMPLETED"


class TestExecutionsPatchRequest(msgspec.Struct, kw_only=True):
    """What is null stays. COMPLETED is what the results say; metadata is added to what is there."""

    __test__ = False

    c3_link: Url | None = None
    ci_link: Url | None = None
    status: NewStatus | None = None
    execution_metadata: ExecutionMetadata | None = None


class TestEventResponse(msgspec.Struct, kw_only=True):
    __test__ = False

    event_name: Annotated[str, Meta(max_length=2000)]
    timestamp: dt.datetime
    detail: str


class StatusUpdateRequest(msgspec.Struct, kw_only=True):
    events: Annotated[list[TestEventResponse], Meta(max_length=10_000)]
