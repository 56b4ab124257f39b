"""What clients send and get."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.families.model import FamilyName
from touchstone.domains.filters.schemas import MOST_VALUES, TestExecutionRerunFilters, TestResultSearchFilters
from touchstone.domains.shapes.artefacts import ArtefactBuildMinimalResponse, ArtefactResponse
from touchstone.domains.shapes.executions import TestExecutionResponse
from touchstone.http.row_ids import RowId

LARGEST_PRIORITY = 1_000_000

Priority = Annotated[int, Meta(ge=-LARGEST_PRIORITY, le=LARGEST_PRIORITY)]
Scheduler = Annotated[str, Meta(min_length=1, max_length=200)]
LeaseSeconds = Annotated[int, Meta(ge=1, le=24 * 3600)]
Text = Annotated[str, Meta(max_length=200)]


class DeleteReruns(msgspec.Struct, kw_only=True):
    """Of the groups of all executions that one of the three selects."""

    test_execution_ids: Annotated[set[RowId], Meta(max_length=MOST_VALUES)] = set()
    test_results_filters: TestResultSearchFilters | None = None
    test_executions_filters: TestExecutionRerunFilters | None = None


class RerunRequest(DeleteReruns, kw_only=True):
    """Without a priority, requests that are there keep theirs and new ones have 0."""

    priority: Priority | None = None


class WantedReruns(msgspec.Struct, kw_only=True):
    """Which requests are meant; what is null takes any."""

    family: FamilyName | None = None
    environment: Text | None = None
    environment_architecture: Text | None = None
    build_architecture: Text | None = None


class RerunClaim(WantedReruns, kw_only=True):
    """Who claims up to `limit` requests, and for how long; without a name it is the caller."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 1
    lease_seconds: LeaseSeconds = 600
    claimed_by: Scheduler | None = None


class RerunRenewal(msgspec.Struct, kw_only=True):
    lease_seconds: LeaseSeconds = 600
    claimed_by: Scheduler | None = None


class RerunRelease(msgspec.Struct, kw_only=True):
    claimed_by: Scheduler | None = None


class PendingRerun(msgspec.Struct, kw_only=True):
    """The execution is the newest of the group. As long as a scheduler is at work on it, `claimed_until` says so."""

    id: int
    test_execution_id: int
    ci_link: str | None
    family: FamilyName
    test_execution: TestExecutionResponse
    artefact: ArtefactResponse
    artefact_build: ArtefactBuildMinimalResponse
    priority: int
    created_at: dt.datetime
    claimed_by: str | None
    claimed_until: dt.datetime | None
