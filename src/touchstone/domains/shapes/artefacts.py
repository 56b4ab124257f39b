"""Artefacts, their builds and reviewers."""

import datetime as dt
from enum import StrEnum
from typing import LiteralString

import msgspec


class ArtefactStatus(StrEnum):
    APPROVED = "APPROVED"
    MARKED_AS_FAILED = "MARKED_AS_FAILED"
    UNDECIDED = "UNDECIDED"


class ReviewerResponse(msgspec.Struct, kw_only=True):
    """`launchpad_email` is the e-mail once more, for old clients."""

    id: int
    name: str
    email: str
    launchpad_email: str
    launchpad_handle: str | None = None


class ArtefactMinimalResponse(msgspec.Struct, kw_only=True):
    id: int
    name: str
    version: str
    family: str


class ArtefactBuildMinimalResponse(msgspec.Struct, kw_only=True):
    id: int
    architecture: str
    revision: int | None


class ArtefactResponse(msgspec.Struct, kw_only=True):
    """`assignee` is the first reviewer, for old clients; the counts are of the latest builds."""

    id: int
    name: str
    version: str
    family: str
    stage: str
    status: ArtefactStatus
    archived: bool
    comment: str
    bug_link: str
    jira_issue: str | None
    due_date: dt.date | None
    store: str
    track: str
    series: str
    repo: str
    branch: str
    source: str
    os: str
    release: str
    sha256: str
    owner: str
    image_url: str
    created_at: dt.datetime
    assignee: ReviewerResponse | None
    reviewers: list[ReviewerResponse]
    bundled_builds: list[ArtefactBuildMinimalResponse] = []
    all_environment_reviews_count: int
    completed_environment_reviews_count: int


# of one architecture the build with the highest revision; `artefact` is the row around it
LATEST_BUILDS: LiteralString = """
    (select distinct on (architecture) id from artefact_build where artefact_id = artefact.id
     order by architecture, coalesce(revision, 0) desc, id desc)
"""

# `reviewer` is a row of app_user
REVIEWER_JSON: LiteralString = """
    json_build_object('id', reviewer.id, 'name', reviewer.name, 'email', reviewer.email,
        'launchpad_email', reviewer.email, 'launchpad_handle', reviewer.launchpad_handle)
"""

# `build` is a row of artefact_build
BUILD_JSON: LiteralString = """
    json_build_object('id', build.id, 'architecture', build.architecture, 'revision', build.revision)
"""

ARTEFACT_SOURCES: LiteralString = (
    """
    artefact
    cross join lateral (
        select count(*) as all_count, count(*) filter (where review_decision <> '{}') as completed_count
        from environment_review where artefact_build_id in """
    + LATEST_BUILDS
    + """) as reviewed
    cross join lateral (
        select coalesce(json_agg("""
    + REVIEWER_JSON
    + """ order by link.place), '[]') as listed
        from artefact_reviewer as link join app_user as reviewer on reviewer.id = link.user_id
        where link.artefact_id = artefact.id
    ) as reviewers
"""
)
"""What `ARTEFACT_JSON` is selected from; narrow it down by the columns of `artefact`."""

ARTEFACT_JSON: LiteralString = (
    """
    json_build_object('id', artefact.id, 'name', artefact.name, 'version', artefact.version,
        'family', artefact.family, 'stage', artefact.stage, 'status', artefact.status,
        'archived', artefact.is_archived, 'comment', artefact.comment, 'bug_link', artefact.bug_link,
        'jira_issue', artefact.jira_issue, 'due_date', artefact.due_date, 'store', artefact.store,
        'track', artefact.track, 'series', artefact.series, 'repo', artefact.repo, 'branch', artefact.branch,
        'source', artefact.source, 'os', artefact.os, 'release', artefact.release, 'sha256', artefact.sha256,
        'owner', artefact.owner, 'image_url', artefact.image_url, 'created_at', wire_time(artefact.created_at),
        'assignee', reviewers.listed -> 0, 'reviewers', reviewers.listed,
        'bundled_builds', coalesce((
            select json_agg("""
    + BUILD_JSON
    + """ order by bundled.place)
            from artefact_bundled_build as bundled join artefact_build as build on build.id = bundled.artefact_build_id
            where bundled.artefact_id = artefact.id
        ), '[]'),
        'all_environment_reviews_count', reviewed.all_count,
        'completed_environment_reviews_count', reviewed.completed_count)
"""
)
