"""What is particular to a tracker; what all have in common is in tests/contract/issue_tracker."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import respx
from tests.fakes.issue_tracker import FakeIssueTracker

from touchstone.adapters.github_tracker import GithubTracker
from touchstone.adapters.gitlab_tracker import GitlabTracker
from touchstone.adapters.issue_tracker import (
    Fetched,
    IssueReference,
    NewIssue,
    NotAccepted,
    NotConfigured,
    NotThere,
    TrackerProject,
)
from touchstone.adapters.issue_trackers import IssueTrackers
from touchstone.adapters.jira_site import cloud_site
from touchstone.adapters.jira_tracker import JiraTracker
from touchstone.adapters.launchpad_tracker import LaunchpadTracker
from touchstone.adapters.remote_service import RemoteService, anonymous
from touchstone.adapters.tracker_urls import TrackerHosts

GITHUB = "https://api.github.com"
JIRA = "https://api.atlassian.com/ex/jira/c1/rest/api/3"
LAUNCHPAD = "https://api.launchpad.net/devel"
ISSUE = IssueReference("github", "owner/repo", "7")
BUG = IssueReference("launchpad", "ubuntu", "7")


@pytest.fixture
def router() -> AsyncIterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


def github() -> GithubTracker:
    return GithubTracker("github.com", RemoteService("github.com"), anonymous)


def jira() -> JiraTracker:
    return JiraTracker(cloud_site("warthogs.atlassian.net", "c1", "bot@example.com", "t"))


def launchpad() -> LaunchpadTracker:
    return LaunchpadTracker("bugs.launchpad.net", RemoteService("bugs.launchpad.net"))


def github_issue(project: str, number: int) -> dict[str, Any]:
    url = f"{GITHUB}/repos/{project}"
    return {"number": number, "title": "t", "state": "open", "repository_url": url, "labels": ["plain", {"name": None}]}


async def test_a_transferred_issue_is_followed_and_says_where_it_is(router: respx.MockRouter) -> None:
    router.get(f"{GITHUB}/repos/owner/repo/issues/7").respond(
        301, headers={"location": f"{GITHUB}/repositories/99/issues/3"}, json={"message": "Moved Permanently"}
    )
    router.get(f"{GITHUB}/repositories/99/issues/3").respond(json=github_issue("New/Home", 3))
    found = await github().fetch(ISSUE)
    assert isinstance(found, Fetched)
    assert found.moved_to == IssueReference("github", "new/home", "3")
    assert found.labels == ("plain",)


async def test_a_deleted_issue_is_not_there(router: respx.MockRouter) -> None:
    router.get(f"{GITHUB}/repos/owner/repo/issues/7").respond(410, json={"message": "This issue was deleted"})
    with pytest.raises(NotThere, match=r"github.com has no https://github.com/owner/repo/issues/7"):
        await github().fetch(ISSUE)


async def test_leading_zeros_of_a_key_are_for_show(router: respx.MockRouter) -> None:
    router.get(f"{GITHUB}/repos/owner/repo/issues/7").respond(json=github_issue("owner/repo", 7))
    found = await github().fetch(IssueReference("github", "owner/repo", "007"))
    assert isinstance(found, Fetched)
    assert found.moved_to is None


async def test_a_repository_without_issues_does_not_accept_one(router: respx.MockRouter) -> None:
    router.post(f"{GITHUB}/repos/owner/repo/issues").respond(410, json={"message": "Issues are disabled"})
    with pytest.raises(NotAccepted, match="Issues are disabled"):
        await github().create(TrackerProject("github", "owner/repo"), NewIssue("t", "x"))


async def test_what_the_search_finds_without_the_marker_in_it_does_not_count(router: respx.MockRouter) -> None:
    other = {**github_issue("owner/repo", 3), "body": "touchstone 4711"}
    router.get(f"{GITHUB}/search/issues").respond(json={"items": [other]})
    router.post(f"{GITHUB}/repos/owner/repo/issues").respond(201, json=github_issue("owner/repo", 8))
    made = await github().create(TrackerProject("github", "owner/repo"), NewIssue("t", "x", marker="touchstone-4711"))
    assert made.key == "8"


@pytest.mark.parametrize("marker", ["short", 'a" or "1"="1', "with blank in it"])
def test_a_marker_cannot_be_part_of_a_query(marker: str) -> None:
    with pytest.raises(ValueError, match="a marker is"):
        NewIssue("t", "x", marker=marker)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Done", "closed"), ("closed", "closed"), ("RESOLVED", "closed"), ("Rejected", "open"), ("To Do", "open")],
)
async def test_jira_is_closed_by_the_name_of_the_status(router: respx.MockRouter, status: str, expected: str) -> None:
    fields = {"summary": "t", "status": {"name": status}, "labels": []}
    router.get(f"{JIRA}/issue/AB-7").respond(json={"key": "AB-7", "fields": fields})
    found = await jira().fetch(IssueReference("jira", "AB", "7"))
    assert isinstance(found, Fetched)
    assert found.status == expected


async def test_jira_answers_an_old_key_with_the_new_one(router: respx.MockRouter) -> None:
    fields = {"summary": "t", "status": {"name": "Open"}, "labels": []}
    router.get(f"{JIRA}/issue/AB-7").respond(json={"key": "CD-1", "fields": fields})
    found = await jira().fetch(IssueReference("jira", "AB", "7"))
    assert isinstance(found, Fetched)
    assert found.moved_to == IssueReference("jira", "CD", "1")


async def test_jira_gets_its_own_kind_of_text(router: respx.MockRouter) -> None:
    route = router.post(f"{JIRA}/issue").respond(201, json={"id": "1", "key": "AB-8"})
    new = NewIssue("It\nfails " + "x" * 300, "See https://a.test/1 for more\n\nBye", ("needs work",))
    assert (await jira().create(TrackerProject("jira", "AB"), new)).key == "8"
    fields = json.loads(route.calls.last.request.content)["fields"]
    assert fields["summary"].startswith("It fails xxx")
    assert len(fields["summary"]) == 255
    assert fields["labels"] == ["needs_work"]
    assert fields["issuetype"] == {"name": "Bug"}
    link = [{"type": "link", "attrs": {"href": "https://a.test/1"}}]
    assert fields["description"]["content"] == [
        {
            "type": "paragraph",
            "content": [
                {"type": "text", "text": "See "},
                {"type": "text", "text": "https://a.test/1", "marks": link},
                {"type": "text", "text": " for more"},
            ],
        },
        {"type": "paragraph", "content": []},
        {"type": "paragraph", "content": [{"type": "text", "text": "Bye"}]},
    ]


def task(target: str, status: str, *, is_complete: bool | None) -> dict[str, Any]:
    told = {} if is_complete is None else {"is_complete": is_complete}
    return {"target_link": f"{LAUNCHPAD}/{target}", "status": status, **told}


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([task("ubuntu/+source/linux", "Fix Released", is_complete=True)], "closed"),
        ([task("ubuntu/+source/linux", "Fix Committed", is_complete=False)], "open"),
        ([task("ubuntu", "New", is_complete=False), task("linux", "Invalid", is_complete=True)], "open"),
        ([task("ubuntu", "Invalid", is_complete=True), task("linux", "New", is_complete=False)], "closed"),
        ([task("ubuntu", "Invalid", is_complete=True), task("ubuntu/noble", "New", is_complete=False)], "open"),
        ([task("linux", "Expired", is_complete=True)], "closed"),
        ([task("ubuntu", "Won't Fix", is_complete=None)], "closed"),
        ([task("ubuntu", "Triaged", is_complete=None)], "open"),
        ([], "open"),
    ],
)
async def test_launchpad_is_closed_when_all_tasks_of_the_project_are(
    router: respx.MockRouter, tasks: list[dict[str, Any]], expected: str
) -> None:
    router.get(f"{LAUNCHPAD}/bugs/7").respond(json={"title": "t", "tags": ["b", "a"]})
    router.get(f"{LAUNCHPAD}/bugs/7/bug_tasks").respond(json={"entries": tasks})
    found = await launchpad().fetch(BUG)
    assert found == Fetched("t", expected, ("a", "b"))  # type: ignore[arg-type]


async def test_a_gitlab_project_that_moved_is_followed(router: respx.MockRouter) -> None:
    api = "https://gitlab.com/api/v4/projects"
    router.get(f"{api}/old%2Fproject/issues/7").respond(301, headers={"location": f"{api}/14/issues/7"})
    shape = {"iid": 7, "title": "t", "state": "opened", "web_url": "https://gitlab.com/new/project/-/issues/7"}
    router.get(f"{api}/14/issues/7").respond(json=shape)
    tracker = GitlabTracker("gitlab.com", RemoteService("gitlab.com"))
    found = await tracker.fetch(IssueReference("gitlab", "old/project", "7"))
    assert isinstance(found, Fetched)
    assert found.moved_to == IssueReference("gitlab", "new/project", "7")


async def test_whoever_is_meant_is_asked_and_nobody_else() -> None:
    own, other = FakeIssueTracker(), FakeIssueTracker()
    hosts = TrackerHosts(github=("git.example.com",))
    trackers = IssueTrackers({("github", ""): own, ("github", "git.example.com"): other}, hosts)
    there = IssueReference("github", "owner/repo", "7", "git.example.com")
    other.put(there, "t")
    assert isinstance(await trackers.fetch(there), Fetched)
    assert (own.asked, other.asked) == ([], [there])
    await trackers.create(TrackerProject("github", "owner/repo"), NewIssue("t", "x"))
    assert (len(own.texts), len(other.texts)) == (1, 0)
    await trackers.close()
    assert own.is_closed and other.is_closed


async def test_a_tracker_without_access_is_said_to_be_none() -> None:
    with pytest.raises(NotConfigured, match=r"This service has no access to github.com"):
        await IssueTrackers({}, TrackerHosts()).fetch(ISSUE)


@pytest.mark.parametrize("project", ["owner", "../admin", "owner/..", "owner/repo/issues/1#", "Owner/repo", ""])
async def test_a_name_that_no_address_has_is_never_part_of_a_request(project: str) -> None:
    tracker = FakeIssueTracker()
    trackers = IssueTrackers({("github", ""): tracker}, TrackerHosts())
    with pytest.raises(NotThere):
        await trackers.fetch(IssueReference("github", project, "7"))
    with pytest.raises(NotThere):
        await trackers.create(TrackerProject("github", project), NewIssue("t", "x"))
    assert (tracker.asked, tracker.texts) == ([], {})
