"""What clients send and get."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from touchstone.domains.artefacts.model import Approvals
from touchstone.domains.families.model import StageName
from touchstone.domains.shapes.artefacts import ArtefactStatus
from touchstone.http.row_ids import RowId

Ids = Annotated[list[RowId], Meta(max_length=10_000)]
Emails = Annotated[list[str], Meta(max_length=10_000)]


class ArtefactPatch(msgspec.Struct, kw_only=True):
    """What is null or absent stays; but null takes away the Jira issue, the reviewers and the bundled builds.

    `assignee_id` and `assignee_email` are the only reviewer, for old clients.
    """

    status: ArtefactStatus | None = None
    archived: bool | None = None
    stage: StageName | None = None
    comment: str | None = None
    jira_issue: str | UnsetType | None = UNSET
    reviewer_ids: Ids | UnsetType | None = UNSET
    reviewer_emails: Emails | UnsetType | None = UNSET
    bundled_builds: Ids | UnsetType | None = UNSET
    assignee_id: RowId | UnsetType | None = UNSET
    assignee_email: str | UnsetType | None = UNSET


class ArtefactSearchResponse(msgspec.Struct):
    artefacts: list[str]
    count: int
    limit: int
    offset: int


class ArtefactHistoryItemResponse(msgspec.Struct):
    artefact_id: int
    name: str
    version: str
    stage: str
    created_at: dt.datetime


class ArtefactHistoryResponse(msgspec.Struct):
    """`count` is of all, not of this page."""

    count: int
    items: list[ArtefactHistoryItemResponse]


class ArtefactVersionResponse(msgspec.Struct):
    version: str
    artefact_id: int


class ArtefactDecision(msgspec.Struct, frozen=True):
    """`decision` is the artefact's status, or the decisions of an environment review, none where it was reset.

    `decided_by` reads `user:{id}` or `application:{id}`. What is not effective waits until enough people say the same.
    """

    id: int
    environment_review_id: int | None
    decided_by: str
    decided_by_name: str | None
    decided_at: dt.datetime
    decision: list[str]
    comment: str
    is_effective: bool


class ArtefactDecisions(msgspec.Struct):
    """Newest first; `next_cursor` leads on, null at the end. `approvals` while more people must approve."""

    items: list[ArtefactDecision]
    next_cursor: str | None
    approvals: Approvals | None
