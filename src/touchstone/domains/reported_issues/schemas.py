"""What clients send and get."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.http.decoding.urls import Url

# as long as the name of a test case may be, in bytes of UTF-8
Name = Annotated[str, Meta(max_length=650)]
Description = Annotated[str, Meta(max_length=100_000)]


class EnvironmentReportedIssueRequest(msgspec.Struct, kw_only=True):
    """What is confirmed needs a `url`."""

    environment_name: Name
    description: Description
    is_confirmed: bool
    url: Url | None = None

    def __post_init__(self) -> None:
        if self.is_confirmed and self.url is None:
            raise ValueError("A URL is required if the issue is confirmed")


class EnvironmentReportedIssueResponse(msgspec.Struct, kw_only=True):
    id: int
    environment_name: str
    description: str
    url: str | None
    is_confirmed: bool
    created_at: dt.datetime
    updated_at: dt.datetime


class TestReportedIssueRequest(msgspec.Struct, kw_only=True):
    """Of a test case, or of all with a template."""

    __test__ = False

    description: Description
    url: Url
    template_id: Name = ""
    case_name: Name = ""

    def __post_init__(self) -> None:
        if not self.template_id and not self.case_name:
            raise ValueError("Either case_name or template_id is required")


class TestReportedIssueResponse(msgspec.Struct, kw_only=True):
    __test__ = False

    id: int
    template_id: str
    case_name: str
    description: str
    url: str
    created_at: dt.datetime
    updated_at: dt.datetime
