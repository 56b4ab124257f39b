"""What clients send and get."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.issue_orders.model import OrderStatus
from touchstone.domains.shapes.issues import IssueSource

Label = Annotated[str, Meta(min_length=1, max_length=100)]


class NewIssueOrder(msgspec.Struct, kw_only=True):
    """`host` is empty for the source's own one. `title` and `text` may hold the fields that the settings name
    (`$test_case`, …); left out, they are those of the settings."""

    test_result_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    source: IssueSource
    project: Annotated[str, Meta(min_length=1, max_length=200)]
    host: Annotated[str, Meta(max_length=200)] = ""
    title: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    text: Annotated[str, Meta(max_length=50_000)] | None = None
    labels: Annotated[list[Label], Meta(max_length=20)] = []


class IssueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`wanted` until a worker has `made` the issue, or `failed` to for good; `error` is what went wrong last.

    `issue_id` is the issue that was made; it is attached to the result.
    """

    id: int
    test_result_id: int | None
    source: IssueSource
    host: str
    project: str
    title: str
    text: str
    labels: list[str]
    status: OrderStatus
    issue_id: int | None
    issue_url: str | None
    ordered_by: str
    attempts: int
    next_attempt_at: dt.datetime | None
    error: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class IssueOrders(msgspec.Struct, frozen=True):
    items: list[IssueOrder]
    next_cursor: str | None
