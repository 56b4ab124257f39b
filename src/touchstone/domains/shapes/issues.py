"""Known issues, and the rules that attach them."""

from enum import StrEnum
from typing import LiteralString

import msgspec

from touchstone.domains.families.model import FamilyName


class IssueSource(StrEnum):
    """In the order in which issues are listed."""

    JIRA = "jira"
    GITHUB = "github"
    LAUNCHPAD = "launchpad"

    GITLAB = "gitlab"


SOURCES: tuple[str, ...] = tuple(source.value for source in IssueSource)
CONTRACT_SOURCES = SOURCES[: SOURCES.index(IssueSource.LAUNCHPAD) + 1]
"""What clients of the contract know."""


class IssueStatus(StrEnum):
    UNKNOWN = "unknown"
    OPEN = "open"
    CLOSED = "closed"


class TestResultStatus(StrEnum):
    __test__ = False

    PASSED = "PASSED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class MinimalIssueResponse(msgspec.Struct, kw_only=True):
    """`test_executions_count` is counted in the list of issues only."""

    id: int
    source: IssueSource
    project: str
    key: str
    title: str
    status: IssueStatus
    url: str
    labels: list[str] | None = None
    test_executions_count: int = 0


class MinimalIssueTestResultAttachmentRuleResponse(msgspec.Struct, kw_only=True):
    """An empty list matches any; of each category of metadata one of the values must be the execution's."""

    id: int
    enabled: bool
    families: list[FamilyName]
    artefacts: list[str]
    artefact_versions: list[str]
    artefact_stages: list[str]
    artefact_tracks: list[str]
    environment_names: list[str]
    test_case_names: list[str]
    template_ids: list[str]
    test_result_statuses: list[TestResultStatus]
    execution_metadata: dict[str, list[str]]


class MinimalIssueTestResultAttachmentResponse(msgspec.Struct, kw_only=True):
    """`attachment_rule` is what attached the issue, if not somebody by hand."""

    issue: MinimalIssueResponse
    attachment_rule: MinimalIssueTestResultAttachmentRuleResponse | None


# `issue` is a row of issue; the paths are those of the trackers' pages
ISSUE_URL: LiteralString = """
    ('https://' || case issue.source
        when 'github' then coalesce(nullif(issue.host, ''), 'github.com') || '/' || issue.project || '/issues/'
        when 'jira' then
            coalesce(nullif(issue.host, ''), 'warthogs.atlassian.net') || '/browse/' || issue.project || '-'
        when 'launchpad' then
            coalesce(nullif(issue.host, ''), 'bugs.launchpad.net') || '/' || issue.project || '/+bug/'
        else coalesce(nullif(issue.host, ''), 'gitlab.com') || '/' || issue.project || '/-/issues/'
    end || issue.key)
"""

ISSUE_JSON: LiteralString = (
    """
    json_build_object('id', issue.id, 'source', issue.source, 'project', issue.project, 'key', issue.key,
        'title', issue.title, 'status', issue.status, 'labels', issue.labels, 'url', """
    + ISSUE_URL
    + """, 'test_executions_count', 0)
"""
)

# `rule` is a row of attachment_rule
RULE_JSON: LiteralString = """
    json_build_object('id', rule.id, 'enabled', rule.is_enabled, 'families', array(
            select family from unnest(rule.families) with ordinality as listed (family, place)
            where family = any ((select families from shown)::text[]) order by place
        ), 'artefacts', rule.artefacts, 'artefact_versions', rule.artefact_versions,
        'artefact_stages', rule.artefact_stages, 'artefact_tracks', rule.artefact_tracks,
        'environment_names', rule.environment_names, 'test_case_names', rule.test_case_names,
        'template_ids', rule.template_ids, 'test_result_statuses', rule.test_result_statuses,
        'execution_metadata', coalesce((
            select json_object_agg(category, listed) from (
                select category, json_agg(value order by value) as listed from attachment_rule_metadata
                where attachment_rule_id = rule.id group by category order by category
            ) as categories
        ), '{}'))
"""
