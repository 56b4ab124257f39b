"""What is known of an issue against its tracker."""

import datetime as dt

import msgspec

from touchstone.adapters.issue_tracker import IssueReference, Source
from touchstone.domains.shapes.issues import IssueStatus
from touchstone.errors import Conflict


class SyncTiers(msgspec.Struct, frozen=True):
    """How often an issue is read, in seconds: one that is not closed, one closed lately, one closed so long ago."""

    open_seconds: int = 3600
    recent_closed_seconds: int = 21_600
    old_closed_seconds: int = 604_800
    old_closed_days: int = 30

    @property
    def values(self) -> tuple[int, int, int, int]:
        return self.open_seconds, self.recent_closed_seconds, self.old_closed_seconds, self.old_closed_days


class ClaimedIssue(msgspec.Struct, frozen=True, kw_only=True):
    """As it was when it was leased; `leased_until` is the lease's mark. No `etag` where people changed it since."""

    id: int
    source: Source
    host: str
    project: str
    key: str
    title: str
    status: IssueStatus
    etag: str | None
    updated_at: dt.datetime
    sync_at: dt.datetime
    leased_until: dt.datetime

    @property
    def reference(self) -> IssueReference:
        return IssueReference(self.source, self.project, self.key, self.host)


class Content(msgspec.Struct, frozen=True):
    title: str
    status: IssueStatus
    labels: list[str] | None


class Synchronised(msgspec.Struct, frozen=True):
    before: Content
    after: Content


class IssueSync(msgspec.Struct, frozen=True, kw_only=True):
    """`is_configured`: whether this service has access to the issue's tracker. `is_due`: a worker reads it next;
    else it does so at `next_at`. `failures` counts those in a row, `error` is the last one. While the tracker is left
    alone, `paused_until` and `pause_reason` say so."""

    is_enabled: bool
    is_configured: bool
    is_due: bool
    is_running: bool
    last_synced_at: dt.datetime | None
    next_at: dt.datetime
    failures: int
    error: str | None
    paused_until: dt.datetime | None
    pause_reason: str | None


class SyncState(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an IssueSync that the table knows."""

    source: Source
    host: str
    is_due: bool
    is_running: bool
    last_synced_at: dt.datetime | None
    next_at: dt.datetime
    failures: int
    error: str | None
    paused_until: dt.datetime | None
    pause_reason: str | None


class IssueSyncDisabled(Conflict):
    """Issues are not synchronised here; TOUCHSTONE_ENABLE_ISSUE_SYNC says so"""


class IssueCollides(Conflict):
    """It has moved to where another issue is"""
