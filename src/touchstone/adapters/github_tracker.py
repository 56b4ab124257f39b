"""Issues on GitHub, github.com or a server of one's own, by its REST interface.

https://docs.github.com/en/rest/issues/issues
"""

from collections.abc import Mapping

import msgspec

from touchstone.adapters.github_app import GithubApp
from touchstone.adapters.issue_tracker import (
    CredentialsRefused,
    Fetched,
    IssueReference,
    NewIssue,
    NotModified,
    NotThere,
    TrackerProject,
    fetched,
)
from touchstone.adapters.remote_service import Answer, Authorize, RemoteService
from touchstone.adapters.tracker_urls import issue_url, own_host

API_VERSION = "2022-11-28"
_HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": API_VERSION}


class _Label(msgspec.Struct, frozen=True):
    name: str | None = None


class _Issue(msgspec.Struct, frozen=True):
    number: int
    title: str
    state: str
    repository_url: str
    labels: list[_Label | str] = []
    body: str | None = None

    @property
    def project(self) -> str:
        return "/".join(self.repository_url.rstrip("/").split("/")[-2:]).lower()

    @property
    def label_names(self) -> list[str]:
        names = (label if isinstance(label, str) else label.name for label in self.labels)
        return [name for name in names if name]


class _Found(msgspec.Struct, frozen=True):
    items: list[_Issue]


def github_api(site: str) -> str:
    return "https://api.github.com" if site == "github.com" else f"https://{site}/api/v3"


class GithubTracker:
    """Conditional requests that find nothing new do not count against the rate limit.

    `access` is the app, or what authorises every request alike.
    """

    def __init__(self, site: str, service: RemoteService, access: GithubApp | Authorize) -> None:
        self._host, self._service, self._access = own_host("github", site), service, access
        self._api_url = github_api(site)

    async def close(self) -> None:
        await self._service.close()
        if isinstance(self._access, GithubApp):
            await self._access.close()

    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified:
        url = f"{self._api_url}/repos/{reference.project}/issues/{_number(reference.key)}"
        answer = await self._get(reference.project, url, etag=etag)
        if answer.status == 304:
            return NotModified()
        if answer.is_absent:
            raise NotThere(system=self._service.system, name=issue_url(reference))
        issue = self._service.decoded(answer, _Issue)
        return fetched(
            issue.title,
            is_closed=issue.state == "closed",
            labels=issue.label_names,
            etag=answer.etag,
            moved_to=self._elsewhere(reference, issue),
        )

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference:
        found = await self._marked(project, new.marker) if new.marker else None
        if found is not None:
            return found
        body = f"{new.text}\n\n<!-- {new.marker} -->" if new.marker else new.text
        content = {"title": new.title, "body": body, "labels": list(new.labels)}
        headers = await self._authorized(project.project)
        answer = await self._service.post(f"{self._api_url}/repos/{project.project}/issues", content, headers=headers)
        return project.issue(str(self._service.accepted(answer, _Issue).number))

    async def _marked(self, project: TrackerProject, marker: str) -> IssueReference | None:
        query = {"q": f'repo:{project.project} is:issue in:body "{marker}"', "per_page": "5"}
        answer = await self._get(project.project, f"{self._api_url}/search/issues", params=query)
        if answer.status == 422:  # how the search says that there is no such repository for us
            raise NotThere(system=self._service.system, name=project.project)
        items = self._service.decoded(answer, _Found).items
        numbers = [item.number for item in items if marker in (item.body or "")]
        return project.issue(str(min(numbers))) if numbers else None

    async def _get(
        self, project: str, url: str, *, params: Mapping[str, str] | None = None, etag: str | None = None
    ) -> Answer:
        """A token of the app that is refused is bought anew, once."""
        condition = {"if-none-match": etag} if etag else {}
        try:
            headers = await self._authorized(project)
            return await self._service.get(url, params=params, headers={**headers, **condition})
        except CredentialsRefused as refusal:
            if not isinstance(self._access, GithubApp) or refusal.facts["system"] != self._service.system:
                raise
            await self._access.forget()
            headers = await self._authorized(project)
            return await self._service.get(url, params=params, headers={**headers, **condition})

    async def _authorized(self, project: str) -> dict[str, str]:
        access = self._access
        authorize = access.authorized_for(project.split("/")[0]) if isinstance(access, GithubApp) else access
        return {**_HEADERS, **await authorize()}

    def _elsewhere(self, reference: IssueReference, issue: _Issue) -> IssueReference | None:
        """GitHub redirects to where an issue was transferred, or its repository renamed."""
        if issue.project == reference.project and str(issue.number) == _number(reference.key):
            return None
        return IssueReference("github", issue.project, str(issue.number), self._host)


def _number(key: str) -> str:
    return key.lstrip("0") or "0"
