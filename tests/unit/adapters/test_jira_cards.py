import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from touchstone.adapters.issue_tracker import CredentialsRefused, NotAccepted
from touchstone.adapters.jira_cards import CreatedCard, JiraReviewCards, NoJiraIssue, ReviewCard
from touchstone.adapters.jira_site import JiraSite, cloud_site, server_site

CLOUD = "https://api.atlassian.com/ex/jira/c1/rest/api/3"
SERVER = "https://jira.example.com/rest/api/2"
CARD = ReviewCard("PROJ-123", "Review core version 16 - Ada", "https://t.test/snaps/1", "touchstone-card-1-2", "ada")
ADA = {"accountId": "5b10a2844c20165700ede21g", "accountType": "atlassian", "active": True, "displayName": "Ada"}
BOT = {"accountId": "app-1", "accountType": "app", "active": True, "displayName": "Ada bot"}
GONE = {**ADA, "accountId": "gone-1", "active": False}


class Jira:
    """A project that takes cards; what was sent is in `sent`."""

    def __init__(self, router: respx.MockRouter, api: str, search: str) -> None:
        self.sent: list[dict[str, Any]] = []
        self.users: list[dict[str, Any]] = [BOT, GONE, ADA]
        self.refusals: list[dict[str, Any]] = []
        self.found = router.get(f"{api}/{search}").respond(json={"issues": []})
        self.asked = router.get(f"{api}/user/search").mock(side_effect=self.people)
        router.post(f"{api}/issue").mock(side_effect=self.create)

    def people(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=self.users)

    def create(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(json.loads(request.content)["fields"])
        if self.refusals:
            return httpx.Response(400, json={"errorMessages": [], "errors": self.refusals.pop(0)})
        return httpx.Response(201, json={"id": "1", "key": "PROJ-124", "self": f"{CLOUD}/issue/1"})


@pytest.fixture
def router() -> AsyncIterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
def jira(router: respx.MockRouter) -> Jira:
    return Jira(router, CLOUD, "search/jql")


async def ensure(card: ReviewCard = CARD, site: JiraSite | None = None) -> CreatedCard:
    cards = JiraReviewCards(site or cloud_site("warthogs.atlassian.net", "c1", "bot@example.com", "t0k3n"))
    try:
        return await cards.ensure(card)
    finally:
        await cards.close()


async def test_a_card_lies_under_its_parent_and_is_the_reviewers(jira: Jira) -> None:
    card = await ensure()
    assert card == CreatedCard("PROJ-124", "https://warthogs.atlassian.net/browse/PROJ-124", False, True)
    [fields] = jira.sent
    assert fields["project"] == {"key": "PROJ"}
    assert fields["parent"] == {"key": "PROJ-123"}
    assert fields["issuetype"] == {"name": "Task"}
    assert fields["summary"] == "Review core version 16 - Ada"
    assert fields["assignee"] == {"accountId": ADA["accountId"]}
    assert fields["labels"] == ["touchstone-card-1-2"]
    assert "https://t.test/snaps/1" in json.dumps(fields["description"])
    assert jira.asked.calls.last.request.url.params["query"] == "ada"


async def test_a_card_that_is_there_is_not_made_again(jira: Jira) -> None:
    jira.found.respond(json={"issues": [{"id": "9", "key": "PROJ-99"}], "isLast": True})
    card = await ensure()
    assert (card.key, card.was_there, jira.sent) == ("PROJ-99", True, [])
    query = jira.found.calls.last.request.url.params["jql"]
    assert query == 'project = "PROJ" and labels = "touchstone-card-1-2" order by created asc'


@pytest.mark.parametrize("users", [[], [BOT], [GONE]])
async def test_whom_jira_does_not_know_gets_no_card_of_his_own(jira: Jira, users: list[dict[str, Any]]) -> None:
    jira.users = users
    assert not (await ensure()).is_assigned
    assert "assignee" not in jira.sent[0]


async def test_without_leave_to_look_people_up_the_card_is_nobodys(jira: Jira) -> None:
    jira.asked.mock(side_effect=None, return_value=httpx.Response(400, json={"errorMessages": ["no"]}))
    assert not (await ensure()).is_assigned


async def test_who_cannot_be_assigned_leaves_the_card_to_nobody(jira: Jira) -> None:
    jira.refusals = [{"assignee": "User cannot be assigned issues."}]
    card = await ensure()
    assert (card.is_assigned, len(jira.sent)) == (False, 2)
    assert "assignee" not in jira.sent[1]


async def test_a_parent_that_jira_does_not_know_is_told(jira: Jira) -> None:
    jira.refusals = [{"parent": "Could not find issue by id or key."}]
    with pytest.raises(NotAccepted, match="Could not find issue by id or key"):
        await ensure()


@pytest.mark.parametrize("parent", ["", "PROJ", "PROJ-", 'A" or "1-1', "PROJ-1/2"])
async def test_a_parent_that_is_no_key_is_refused_before_anything_is_asked(
    jira: Jira, router: respx.MockRouter, parent: str
) -> None:
    with pytest.raises(NoJiraIssue):
        await ensure(ReviewCard(parent, "t", "x", "touchstone-card-1-2"))
    assert not router.calls


async def test_a_marker_cannot_be_part_of_a_query() -> None:
    with pytest.raises(ValueError, match="a marker is"):
        ReviewCard("PROJ-1", "t", "x", 'a" or labels = "b')


async def test_a_server_is_told_in_its_own_words(router: respx.MockRouter) -> None:
    jira = Jira(router, SERVER, "search")
    jira.users = [{"name": "ada", "key": "ada", "active": True}]
    card = await ensure(site=server_site("jira.example.com", "t0k3n"))
    assert card.url == "https://jira.example.com/browse/PROJ-124"
    assert jira.sent[0]["assignee"] == {"name": "ada"}
    assert jira.sent[0]["description"] == "https://t.test/snaps/1"
    assert jira.asked.calls.last.request.url.params["username"] == "ada"


async def test_refused_credentials_are_told_without_them(router: respx.MockRouter) -> None:
    router.get(f"{CLOUD}/search/jql").respond(401)
    with pytest.raises(CredentialsRefused) as refusal:
        await ensure()
    assert "t0k3n" not in f"{refusal.value!r}"
