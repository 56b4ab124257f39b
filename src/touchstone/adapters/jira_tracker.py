"""Issues in Jira, in Atlassian's cloud or on a server of one's own.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

import msgspec

from touchstone.adapters.issue_tracker import (
    Fetched,
    IssueReference,
    NewIssue,
    NotModified,
    NotThere,
    TrackerProject,
    fetched,
)
from touchstone.adapters.jira_site import CreatedIssue, JiraSite, find_labelled, summary
from touchstone.adapters.tracker_urls import issue_url, own_host

CLOSED = {"done", "closed", "resolved"}


class _Status(msgspec.Struct, frozen=True):
    name: str


class _Fields(msgspec.Struct, frozen=True):
    summary: str
    status: _Status
    labels: list[str] = []


class _Issue(msgspec.Struct, frozen=True):
    key: str
    fields: _Fields


class JiraTracker:
    """`issue_type` is what new issues are, by the name that the site has for it."""

    def __init__(self, jira: JiraSite, *, issue_type: str = "Bug") -> None:
        self._jira, self._issue_type = jira, issue_type
        self._service = jira.service

    async def close(self) -> None:
        await self._service.close()

    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified:
        answer = await self._service.get(
            f"{self._jira.api_url}/issue/{reference.project}-{reference.key}",
            params={"fields": "summary,status,labels"},
            headers={"if-none-match": etag} if etag else {},
        )
        if answer.status == 304:
            return NotModified()
        if answer.is_absent:
            raise NotThere(system=self._service.system, name=issue_url(reference))
        issue = self._service.decoded(answer, _Issue)
        return fetched(
            issue.fields.summary,
            is_closed=issue.fields.status.name.strip().lower() in CLOSED,
            labels=issue.fields.labels,
            etag=answer.etag,
            moved_to=self._elsewhere(reference, issue.key),
        )

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference:
        """Labels lose their blanks, which Jira does not take; the marker is a label too."""
        found = await find_labelled(self._jira, project.project, new.marker) if new.marker else None
        if found is not None:
            return project.issue(found.number)
        labels = ["_".join(label.split()) for label in new.labels]
        fields = {
            "project": {"key": project.project},
            "issuetype": {"name": self._issue_type},
            "summary": summary(new.title),
            "description": self._jira.document(new.text),
            "labels": [*labels, *([new.marker] if new.marker else [])],
        }
        answer = await self._service.post(f"{self._jira.api_url}/issue", {"fields": fields})
        return project.issue(self._service.accepted(answer, CreatedIssue).number)

    def _elsewhere(self, reference: IssueReference, key: str) -> IssueReference | None:
        """Jira answers an old key with the issue as it is now, under its new one."""
        project, _, number = key.rpartition("-")
        if (project, number) == (reference.project, reference.key.lstrip("0")) or not number.isdigit():
            return None
        return IssueReference("jira", project, number, own_host("jira", self._jira.site))
