"""Trackers as their services answer: shapes as recorded from each, cut to what says something."""

import base64
import datetime as dt
import json
from typing import Any

import httpx
import respx
from tests.fakes.issue_tracker import FakeIssueTracker

from touchstone.adapters.github_tracker import GithubTracker
from touchstone.adapters.gitlab_tracker import GitlabTracker
from touchstone.adapters.issue_tracker import IssueReference, IssueTracker, Source, TrackerProject
from touchstone.adapters.jira_site import cloud_site, server_site
from touchstone.adapters.jira_tracker import JiraTracker
from touchstone.adapters.launchpad_tracker import LaunchpadTracker
from touchstone.adapters.remote_service import RemoteService, bearer

NOW = 1_790_000_000.0
TOKEN = "s3cret-token"


async def no_sleep(seconds: float) -> None:
    pass


def remote(system: str) -> RemoteService:
    return RemoteService(system, timeout_seconds=5, authorize=bearer(TOKEN), clock=lambda: NOW, sleep=no_sleep)


def with_clock(service: RemoteService) -> RemoteService:
    service._clock, service._sleep = (lambda: NOW), no_sleep
    return service


class Remote:
    """One tracker over HTTP, its routes answered by what the test says."""

    source: Source
    project = "owner/repo"
    host = ""
    limits: dict[str, str] = {}
    conditional = True
    can_create = True

    def __init__(self, router: respx.MockRouter) -> None:
        self.router = router
        self.tracker: IssueTracker = self.opened()

    def opened(self) -> IssueTracker:
        raise NotImplementedError

    @property
    def reference(self) -> IssueReference:
        return IssueReference(self.source, self.project, "7", self.host)

    @property
    def destination(self) -> TrackerProject:
        return TrackerProject(self.source, self.project, self.host)

    def url(self) -> str:
        raise NotImplementedError

    def shape(self, title: str, *, is_closed: bool, labels: list[str]) -> dict[str, Any]:
        raise NotImplementedError

    def has(self, title: str, *, is_closed: bool = False, labels: tuple[str, ...] = ()) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            if request.headers.get("if-none-match") == 'W/"a1"':
                return httpx.Response(304, headers={"etag": 'W/"a1"'})
            content = self.shape(title, is_closed=is_closed, labels=list(labels))
            return httpx.Response(200, json=content, headers={"etag": 'W/"a1"'})

        self.router.get(self.url()).mock(side_effect=answer)

    def answers(self, response: httpx.Response | Exception) -> None:
        given = {"side_effect": response} if isinstance(response, Exception) else {"return_value": response}
        self.router.get(url__startswith=self.url()).mock(**given)

    def is_missing(self) -> None:
        self.answers(httpx.Response(404, json={"message": "Not Found"}))

    def limit(self) -> None:
        """Until NOW + 120."""
        self.answers(httpx.Response(429, headers=self.limits or {"retry-after": "120"}))

    def refuse(self) -> None:
        self.answers(httpx.Response(401, json={"message": "Bad credentials"}))

    def hang(self) -> None:
        self.answers(httpx.ReadTimeout("too slow"))

    def takes_new(self) -> list[dict[str, Any]]:
        """What is sent to make issues, the first of which is number 12; a marker is found once it was sent."""
        raise NotImplementedError


class Github(Remote):
    source = "github"
    limits = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 120)}

    def opened(self) -> IssueTracker:
        return GithubTracker("github.com", remote("github.com"), bearer(TOKEN))

    def url(self) -> str:
        return "https://api.github.com/repos/owner/repo/issues/7"

    def shape(self, title: str, *, is_closed: bool, labels: list[str]) -> dict[str, Any]:
        return {
            "url": self.url(),
            "repository_url": "https://api.github.com/repos/Owner/repo",
            "html_url": "https://github.com/Owner/repo/issues/7",
            "number": 7,
            "title": title,
            "user": {"login": "octocat", "id": 1},
            "labels": [{"id": 208045946, "name": label, "color": "f29513", "default": False} for label in labels],
            "state": "closed" if is_closed else "open",
            "state_reason": "completed" if is_closed else None,
            "body": "I'm having a problem with this.",
        }

    def limit(self) -> None:
        body = {"message": "API rate limit exceeded for installation ID 1."}
        self.answers(httpx.Response(403, headers=self.limits, json=body))

    def takes_new(self) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        def made(number: int) -> dict[str, Any]:
            return {**self.shape("t", is_closed=False, labels=[]), "number": number, "body": sent[-1]["body"]}

        def create(request: httpx.Request) -> httpx.Response:
            sent.append(json.loads(request.content))
            return httpx.Response(201, json=made(11 + len(sent)))

        def search(request: httpx.Request) -> httpx.Response:
            items = [made(12)] if sent else []
            return httpx.Response(200, json={"total_count": len(items), "incomplete_results": False, "items": items})

        self.router.post("https://api.github.com/repos/owner/repo/issues").mock(side_effect=create)
        self.router.get("https://api.github.com/search/issues").mock(side_effect=search)
        return sent


class GithubEnterprise(Github):
    host = "git.example.com"

    def opened(self) -> IssueTracker:
        return GithubTracker("git.example.com", remote("git.example.com"), bearer(TOKEN))

    def url(self) -> str:
        return "https://git.example.com/api/v3/repos/owner/repo/issues/7"

    def shape(self, title: str, *, is_closed: bool, labels: list[str]) -> dict[str, Any]:
        found = super().shape(title, is_closed=is_closed, labels=labels)
        return {**found, "repository_url": "https://git.example.com/api/v3/repos/owner/repo"}

    can_create = False  # as on github.com


class JiraCloud(Remote):
    source = "jira"
    project = "PROJ"
    api = "https://api.atlassian.com/ex/jira/c10ud-1d/rest/api/3"
    search = "search/jql"

    def opened(self) -> IssueTracker:
        jira = cloud_site("warthogs.atlassian.net", "c10ud-1d", "bot@example.com", TOKEN, timeout_seconds=5)
        with_clock(jira.service)
        return JiraTracker(jira)

    def url(self) -> str:
        return f"{self.api}/issue/PROJ-7"

    def shape(self, title: str, *, is_closed: bool, labels: list[str]) -> dict[str, Any]:
        status = {"name": "Done" if is_closed else "In Progress", "statusCategory": {"key": "indeterminate"}}
        fields = {"summary": title, "status": status, "labels": labels}
        return {"expand": "names", "id": "10002", "self": self.url(), "key": "PROJ-7", "fields": fields}

    def takes_new(self) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        def create(request: httpx.Request) -> httpx.Response:
            sent.append(json.loads(request.content))
            return httpx.Response(201, json={"id": "10000", "key": f"PROJ-{11 + len(sent)}", "self": "https://x/1"})

        def search(request: httpx.Request) -> httpx.Response:
            issues = [{"id": "10000", "key": "PROJ-12", "fields": {"summary": "t"}}] if sent else []
            return httpx.Response(200, json={"issues": issues, "isLast": True})

        self.router.post(f"{self.api}/issue").mock(side_effect=create)
        self.router.get(f"{self.api}/{self.search}").mock(side_effect=search)
        return sent


class JiraServer(JiraCloud):
    host = "jira.example.com:8443/jira"
    api = "https://jira.example.com:8443/jira/rest/api/2"
    search = "search"

    def opened(self) -> IssueTracker:
        jira = server_site(self.host, TOKEN, timeout_seconds=5)
        with_clock(jira.service)
        return JiraTracker(jira)


class Launchpad(Remote):
    source = "launchpad"
    project = "ubuntu"
    conditional = False
    can_create = False

    def opened(self) -> IssueTracker:
        service = RemoteService("bugs.launchpad.net", timeout_seconds=5, clock=lambda: NOW, sleep=no_sleep)
        return LaunchpadTracker("bugs.launchpad.net", service)

    def url(self) -> str:
        return "https://api.launchpad.net/devel/bugs/7"

    def shape(self, title: str, *, is_closed: bool, labels: list[str]) -> dict[str, Any]:
        self.router.get(f"{self.url()}/bug_tasks").respond(
            json={"start": 0, "total_size": 1, "entries": [self.task(is_closed=is_closed)]}
        )
        return {"self_link": self.url(), "id": 7, "title": title, "tags": labels, "http_etag": '"x-y"'}

    def task(self, *, is_closed: bool, target: str = "ubuntu/+source/linux") -> dict[str, Any]:
        return {
            "resource_type_link": "https://api.launchpad.net/devel/#bug_task",
            "target_link": f"https://api.launchpad.net/devel/{target}",
            "status": "Fix Released" if is_closed else "In Progress",
            "is_complete": is_closed,
            "bug_target_name": "linux (Ubuntu)",
        }


class Gitlab(Remote):
    source = "gitlab"
    project = "group/sub/project"
    limits = {"ratelimit-remaining": "0", "ratelimit-reset": str(int(NOW) + 120)}
    api = "https://gitlab.com/api/v4/projects/group%2Fsub%2Fproject/issues"

    def opened(self) -> IssueTracker:
        return GitlabTracker("gitlab.com", remote("gitlab.com"))

    def url(self) -> str:
        return f"{self.api}/7"

    def shape(self, title: str, *, is_closed: bool, labels: list[str]) -> dict[str, Any]:
        return {
            "id": 84,
            "iid": 7,
            "project_id": 14,
            "title": title,
            "description": "Ratione dolores corrupti mollitia.",
            "state": "closed" if is_closed else "opened",
            "labels": labels,
            "web_url": "https://gitlab.com/Group/sub/project/-/issues/7",
            "references": {"short": "#7", "full": "group/sub/project#7"},
        }

    def takes_new(self) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        def made(number: int) -> dict[str, Any]:
            text = sent[-1]["description"]
            return {**self.shape("t", is_closed=False, labels=[]), "iid": number, "description": text}

        def create(request: httpx.Request) -> httpx.Response:
            sent.append(json.loads(request.content))
            return httpx.Response(201, json=made(11 + len(sent)))

        self.router.post(self.api).mock(side_effect=create)
        self.router.get(self.api).mock(side_effect=lambda _: httpx.Response(200, json=[made(12)] if sent else []))
        return sent


class Fake(Remote):
    source = "github"

    def opened(self) -> IssueTracker:
        self.fake = FakeIssueTracker()
        for number in range(11):
            self.fake.texts[self.destination.issue(f"0{number}")] = ""
        return self.fake

    def has(self, title: str, *, is_closed: bool = False, labels: tuple[str, ...] = ()) -> None:
        self.fake.put(self.reference, title, is_closed=is_closed, labels=labels)

    def is_missing(self) -> None:
        self.fake.issues.clear()

    def limit(self) -> None:
        self.fake.limit_until(dt.datetime.fromtimestamp(NOW + 120, dt.UTC))

    def refuse(self) -> None:
        self.fake.refuse_credentials()

    def hang(self) -> None:
        self.fake.go_away()

    def takes_new(self) -> list[dict[str, Any]]:
        return []


WORLDS = [Github, GithubEnterprise, JiraCloud, JiraServer, Launchpad, Gitlab, Fake]


def credentials(request: httpx.Request) -> str:
    """What a request says who we are, readable."""
    scheme, _, written = request.headers["authorization"].partition(" ")
    return base64.b64decode(written).decode() if scheme == "Basic" else written
