"""Cards in Jira for people who are given artefacts to review."""

import asyncio
import datetime as dt

import pytest
from tests.artefacts import add_artefact
from tests.conftest import replaced
from tests.people import add_team, add_user, as_user, join

from touchstone.adapters.issue_tracker import NotAccepted, RateLimited
from touchstone.adapters.jira_cards import CreatedCard, ReviewCard
from touchstone.assembly import assemble
from touchstone.domains.review_cards.dispatcher import MOST_ATTEMPTS, ReviewCardDispatcher
from touchstone.errors import Failure, Unavailable
from touchstone.setting_values import Secret

CARDS = "/api/v1/review-cards"
FRONTEND = "https://tests.example.com"


class FakeJira:
    """Keeps one card for each marker; `trouble` is raised instead."""

    def __init__(self) -> None:
        self.made: dict[str, ReviewCard] = {}
        self.trouble: Exception | None = None
        self.made_one = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def ensure(self, card: ReviewCard) -> CreatedCard:
        if self.trouble:
            raise self.trouble
        was_there = card.marker in self.made
        self.made[card.marker] = card
        self.made_one.set()
        await self.may_answer.wait()
        key = f"PROJ-{len(self.made)}"
        return CreatedCard(key, f"https://jira.test/browse/{key}", was_there, card.handle is not None)


@pytest.fixture
def jira() -> FakeJira:
    return FakeJira()


@pytest.fixture
def dispatcher(database, jira) -> ReviewCardDispatcher:
    return ReviewCardDispatcher(database, jira, FRONTEND)


@pytest.fixture
async def editor(client, database):
    return await as_user(client, database, "change_artefact", "view_artefact")


@pytest.fixture
async def outbox(settings, runner, store):
    """Of a service with access to Jira."""
    known = {"jira_cloud_id": "c1", "jira_email": "bot@example.com", "jira_api_token": Secret("t")}
    parts = assemble(replaced(settings, **known), runner=runner, store=store)
    async with parts.opened():
        yield parts.outbox()


async def assign(editor, artefact, *users, **more):
    answer = await editor.patch(f"/api/v1/artefacts/{artefact}", json={"reviewer_ids": list(users), **more})
    assert answer.status_code == 200, answer.text


async def statuses(editor, **params):
    return [(card["user_id"], card["status"]) for card in (await editor.get(CARDS, params=params)).json()["items"]]


async def test_each_new_reviewer_has_a_card_under_the_issue_of_the_artefact(editor, database, outbox, dispatcher, jira):
    artefact = await add_artefact(database, name="core", version="16", jira_issue="PROJ-123")
    ada = await add_user(database, "ada@example.test")
    await database.execute("update app_user set name = 'Ada', launchpad_handle = 'ada-l' where id = $1", ada)
    await assign(editor, artefact, ada)
    await outbox.turn()
    assert await dispatcher.turn() == {"made": 1, "put_off": 0, "failed": 0}
    [card] = jira.made.values()
    assert (card.parent, card.title, card.handle) == ("PROJ-123", "Review core version 16 - Ada", "ada-l")
    assert card.text == f"{FRONTEND}/snaps/{artefact}"
    [shown] = (await editor.get(CARDS, params={"artefact_id": artefact})).json()["items"]
    assert (shown["status"], shown["key"], shown["url"]) == ("made", "PROJ-1", "https://jira.test/browse/PROJ-1")
    assert shown["is_assigned"]


async def test_a_start_that_assigns_reviewers_wants_cards_too(client, database, outbox):
    artefact = await add_artefact(database, name="core", version="16", store="ubuntu", jira_issue="PROJ-123")
    team, user = await add_team(database), await add_user(database)
    await join(database, user, team)
    rule = await database.fetch_value("insert into artefact_matching_rule (family) values ('snap') returning id")
    await database.execute("insert into artefact_matching_rule_team (rule_id, team_id) values ($1, $2)", rule, team)
    recorder = await as_user(client, database, "change_test")
    start = {
        "family": "snap",
        "name": "core",
        "version": "16",
        "revision": 1,
        "track": "latest",
        "store": "ubuntu",
        "arch": "amd64",
        "execution_stage": "beta",
        "environment": "laptop",
        "test_plan": "smoke",
        "needs_assignment": True,
    }
    answer = await recorder.put("/api/v1/test-executions/start-test", json=start)
    assert answer.status_code == 200, answer.text
    await outbox.turn()
    assert await database.fetch_value(
        "select array_agg(user_id) from review_card where artefact_id = $1", artefact
    ) == [user]


async def test_who_is_taken_off_and_put_on_again_keeps_the_card_he_has(editor, database, outbox, dispatcher, jira):
    artefact = await add_artefact(database, jira_issue="PROJ-123")
    ada, bob = await add_user(database), await add_user(database)
    for reviewers in ([ada], [bob], [ada, bob]):
        await assign(editor, artefact, *reviewers)
    await outbox.turn()
    await dispatcher.turn()
    assert len(jira.made) == 2


async def test_an_artefact_without_an_issue_has_no_cards(editor, database, outbox):
    for jira_issue in (None, ""):
        await assign(editor, await add_artefact(database, jira_issue=jira_issue), await add_user(database))
    await outbox.turn()
    assert await statuses(editor) == []


async def test_a_service_without_access_to_jira_wants_no_cards(editor, database, parts):
    await assign(editor, await add_artefact(database, jira_issue="PROJ-1"), await add_user(database))
    await parts.outbox().turn()
    assert await statuses(editor) == []


async def test_no_request_waits_for_jira(editor, database, jira):
    jira.trouble = Unavailable(system="jira.test", reason="it must not be asked here")
    await assign(editor, await add_artefact(database, jira_issue="PROJ-1"), await add_user(database))
    assert jira.made == {}


async def test_a_worker_that_is_killed_doubles_no_card(editor, database, outbox, dispatcher, jira):
    await assign(editor, await add_artefact(database, jira_issue="PROJ-1"), await add_user(database))
    await outbox.turn()
    jira.may_answer.clear()
    killed = asyncio.create_task(dispatcher.turn())
    await jira.made_one.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    jira.may_answer.set()
    await database.execute("update review_card set leased_until = now() - interval '1 s'")
    assert (await dispatcher.turn())["made"] == 1
    assert len(jira.made) == 1


async def test_trouble_is_kept_and_tried_again_until_it_is_given_up(editor, database, outbox, dispatcher, jira):
    await assign(editor, await add_artefact(database, jira_issue="PROJ-1"), await add_user(database))
    await outbox.turn()
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    jira.trouble = RateLimited(system="jira.test", until=until)
    assert (await dispatcher.turn())["put_off"] == 1
    [card] = (await editor.get(CARDS)).json()["items"]
    assert dt.datetime.fromisoformat(card["next_attempt_at"]) == until
    jira.trouble = RuntimeError("what is that")
    for _ in range(MOST_ATTEMPTS - 1):
        await database.execute("update review_card set try_at = now()")
        await dispatcher.turn()
    [card] = (await editor.get(CARDS, params={"status": "failed"})).json()["items"]
    assert card["error"] == "RuntimeError; the worker's log says more"


@pytest.mark.parametrize(
    ("parent", "trouble"), [("not a key", None), ("PROJ-1", NotAccepted(system="jira.test", reason="no such parent"))]
)
async def test_what_jira_refuses_is_not_tried_again(
    editor, database, outbox, dispatcher, jira, parent: str, trouble: Failure | None
):
    from touchstone.adapters.jira_cards import NoJiraIssue

    await assign(editor, await add_artefact(database, jira_issue=parent), await add_user(database))
    await outbox.turn()
    jira.trouble = trouble or NoJiraIssue(text=parent)
    assert (await dispatcher.turn())["failed"] == 1
    [card] = (await editor.get(CARDS)).json()["items"]
    assert (card["status"], card["error"]) == ("failed", str(jira.trouble))


async def test_nobody_reads_cards_without_the_permission(client, database):
    assert (await (await as_user(client, database, "view_test")).get(CARDS)).status_code == 403
