"""Issues on GitLab, gitlab.com or a server of one's own.

https://docs.gitlab.com/api/issues/
"""

from urllib.parse import quote

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
from touchstone.adapters.remote_service import RemoteService
from touchstone.adapters.tracker_urls import TrackerHosts, UnrecognizedIssueUrl, issue_reference, issue_url


class _Issue(msgspec.Struct, frozen=True):
    iid: int
    title: str
    state: str
    web_url: str
    labels: list[str] = []
    description: str | None = None


class GitlabTracker:
    def __init__(self, site: str, service: RemoteService) -> None:
        self._service = service
        self._hosts = TrackerHosts(gitlab=(site,))
        self._api_url = f"https://{site}/api/v4"

    async def close(self) -> None:
        await self._service.close()

    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified:
        number = reference.key.lstrip("0") or "0"
        url = f"{self._issues(reference.project)}/{number}"
        answer = await self._service.get(url, headers={"if-none-match": etag} if etag else {})
        if answer.status == 304:
            return NotModified()
        if answer.is_absent:
            raise NotThere(system=self._service.system, name=issue_url(reference))
        issue = self._service.decoded(answer, _Issue)
        return fetched(
            issue.title,
            is_closed=issue.state == "closed",
            labels=issue.labels,
            etag=answer.etag,
            moved_to=self._elsewhere(reference, issue),
        )

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference:
        found = await self._marked(project, new.marker) if new.marker else None
        if found is not None:
            return found
        text = f"{new.text}\n\n<!-- {new.marker} -->" if new.marker else new.text
        content = {"title": new.title[:255], "description": text, "labels": ",".join(new.labels)}
        answer = await self._service.post(self._issues(project.project), content)
        return project.issue(str(self._service.accepted(answer, _Issue).iid))

    async def _marked(self, project: TrackerProject, marker: str) -> IssueReference | None:
        query = {"search": marker, "in": "description", "scope": "all", "per_page": "5", "sort": "asc"}
        answer = await self._service.get(self._issues(project.project), params=query)
        if answer.is_absent:
            raise NotThere(system=self._service.system, name=project.project)
        issues = self._service.decoded(answer, list[_Issue])
        numbers = [issue.iid for issue in issues if marker in (issue.description or "")]
        return project.issue(str(min(numbers))) if numbers else None

    def _issues(self, project: str) -> str:
        return f"{self._api_url}/projects/{quote(project, safe='')}/issues"

    def _elsewhere(self, reference: IssueReference, issue: _Issue) -> IssueReference | None:
        """A project that was renamed or moved redirects. An issue that was moved alone stays closed where it was."""
        try:
            now = issue_reference(issue.web_url, self._hosts)
        except UnrecognizedIssueUrl:
            return None
        is_same = now.project == reference.project and now.key == (reference.key.lstrip("0") or "0")
        return None if is_same else now
