"""Issues that people have made of results that failed."""

import asyncio
import datetime as dt
from typing import Any

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.fakes.issue_tracker import FakeIssueTracker
from tests.people import as_user
from tests.recording import add_execution, attached_to, result_ids

from touchstone.adapters.issue_tracker import (
    IssueReference,
    NewIssue,
    NotAccepted,
    RateLimited,
    ReadOnly,
    TrackerProject,
)
from touchstone.adapters.issue_trackers import IssueTrackers
from touchstone.adapters.tracker_urls import TrackerHosts
from touchstone.database.executor import Database
from touchstone.domains.issue_orders.dispatcher import MOST_ATTEMPTS, IssueOrderDispatcher
from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.domains.test_results.model import NewResult
from touchstone.domains.test_results.recording import record
from touchstone.errors import Unavailable
from touchstone.http.caller import SYSTEM
from touchstone.setting_values import Secret

ORDERS = "/api/v1/issue-orders"
RIGHTS = ("view_issue", "change_issue", "change_issue_attachment")


class SlowTracker(FakeIssueTracker):
    """Waits, once it has made an issue, until it is let on; `crash` is raised instead of an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.made_one = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.crash: Exception | None = None
        self.labels: list[tuple[str, ...]] = []

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference:
        if self.crash is not None:
            raise self.crash
        made = await super().create(project, new)
        self.labels.append(new.labels)
        self.made_one.set()
        await self.may_answer.wait()
        return made


@pytest.fixture
def tracker() -> SlowTracker:
    return SlowTracker()


@pytest.fixture
def dispatcher(database: Database, tracker: SlowTracker) -> IssueOrderDispatcher:
    return IssueOrderDispatcher(database, IssueTrackers({("github", ""): tracker}, TrackerHosts()))


@pytest.fixture
async def served(settings):
    """A service that has access to GitHub."""
    async with serving(replaced(settings, github_token=Secret("t"))) as client:
        yield client


@pytest.fixture
async def user(served: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await as_user(served, database, *RIGHTS)


@pytest.fixture
async def execution(database: Database) -> int:
    """Of a result that failed and one that passed."""
    execution = await add_execution(database, name="core", version="16.1")
    outcomes = {"boots": "FAILED", "video": "PASSED"}
    results = [
        NewResult(name=name, status=TestResultStatus(status), comment="kernel panic")
        for name, status in outcomes.items()
    ]
    async with database.transaction() as transaction:
        await record(transaction, SYSTEM, execution, results)
    return execution


@pytest.fixture
async def failed(database: Database, execution: int) -> int:
    return (await result_ids(database, execution))["boots"]


async def order(user: httpx.AsyncClient, result: int, **given: Any) -> dict[str, Any]:
    answer = await user.post(
        ORDERS, json={"test_result_id": result, "source": "github", "project": "Acme/Core", **given}
    )
    assert answer.status_code == 202, answer.text
    return answer.json()


async def read(user: httpx.AsyncClient, ordered: dict[str, Any]) -> dict[str, Any]:
    return (await user.get(f"{ORDERS}/{ordered['id']}")).json()


async def make_due(database: Database) -> None:
    await database.execute("update issue_order set try_at = now(), leased_until = null")


async def test_a_worker_makes_the_issue_and_attaches_it_to_the_result(
    user, database, tracker, dispatcher, execution, failed
):
    wanted = await order(user, failed, labels=["regression"])
    assert (wanted["status"], wanted["project"], wanted["issue_id"]) == ("wanted", "acme/core", None)
    assert tracker.texts == {}
    assert await dispatcher.turn() == {"made": 1, "put_off": 0, "failed": 0}
    made = await read(user, wanted)
    assert (made["status"], made["error"]) == ("made", None)
    assert made["issue_url"] == "https://github.com/acme/core/issues/1"
    [[case, issue, rule, by]] = await attached_to(database, execution)
    assert (case, issue, rule, by) == ("boots", made["issue_id"], None, wanted["ordered_by"])
    shown = (await user.get(f"/api/v1/issues/{issue}")).json()
    assert (shown["title"], shown["status"]) == ("core 16.1: boots failed", "open")
    assert tracker.labels == [("regression",)]


async def test_the_text_says_what_failed_where_and_links_back(user, database, tracker, dispatcher, execution, failed):
    await order(user, failed)
    await dispatcher.turn()
    [text] = tracker.texts.values()
    artefact = await database.fetch_value("select id from artefact")
    assert "boots failed for snap core 16.1 in laptop (amd64), test plan smoke." in text
    assert "kernel panic" in text
    page = f"http://localhost:30001/snaps/{artefact}?testExecutionId={execution}&testResultId={failed}"
    assert f"Result: {page}" in text


async def test_whoever_orders_may_say_title_and_text_himself(user, tracker, dispatcher, failed):
    ordered = await order(user, failed, title="$test_case:\n no $50 note", text="Cost {x} $environment")
    assert ordered["title"] == "boots: no $50 note"
    assert ordered["text"].startswith("Cost {x} laptop\n\nhttp://localhost:30001/snaps/")


async def test_what_is_ordered_twice_is_made_once(user, tracker, dispatcher, failed):
    first, second = await asyncio.gather(order(user, failed), order(user, failed))
    assert first["id"] == second["id"]
    await dispatcher.turn()
    assert (await order(user, failed))["status"] == "made"
    await dispatcher.turn()
    assert len(tracker.texts) == 1


async def test_a_worker_killed_after_the_tracker_has_made_it_leaves_one_issue(
    user, database, tracker, dispatcher, execution, failed
):
    ordered = await order(user, failed)
    tracker.may_answer.clear()
    killed = asyncio.create_task(dispatcher.turn())
    await tracker.made_one.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    tracker.may_answer.set()
    assert (await dispatcher.turn())["made"] == 0, "its lease goes on"
    await make_due(database)
    await dispatcher.turn()
    assert len(tracker.texts) == 1
    assert (await read(user, ordered))["status"] == "made"
    assert len(await attached_to(database, execution)) == 1


async def test_two_workers_make_each_issue_once(user, database, tracker, dispatcher):
    for place in range(5):
        execution = await add_execution(database)
        async with database.transaction() as transaction:
            await record(transaction, SYSTEM, execution, [NewResult(name="boots", status=TestResultStatus.FAILED)])
        await order(user, (await result_ids(database, execution))["boots"], project=f"acme/p{place}")
    outcomes = await asyncio.gather(dispatcher.turn(), IssueOrderDispatcher(database, dispatcher.trackers).turn())
    assert sum(outcome["made"] for outcome in outcomes) == 5
    assert len(tracker.made) == 5


@pytest.mark.parametrize(
    "trouble", [Unavailable(system="tracker.test", reason="no answer in time"), RuntimeError("what is that")]
)
async def test_trouble_is_shown_and_tried_again_later_and_later(user, database, tracker, dispatcher, failed, trouble):
    ordered = await order(user, failed)
    tracker.crash = trouble
    assert await dispatcher.turn() == {"made": 0, "put_off": 1, "failed": 0}
    shown = await read(user, ordered)
    assert (shown["status"], shown["attempts"]) == ("wanted", 1)
    assert shown["error"] == (
        str(trouble) if isinstance(trouble, Unavailable) else "RuntimeError; the worker's log says more"
    )
    assert dt.datetime.fromisoformat(shown["next_attempt_at"]) > dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
    for _ in range(MOST_ATTEMPTS - 1):
        await make_due(database)
        await dispatcher.turn()
    shown = await read(user, ordered)
    assert (shown["status"], shown["next_attempt_at"]) == ("failed", None)


async def test_a_limit_is_waited_for(user, tracker, dispatcher, failed):
    ordered = await order(user, failed)
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)
    tracker.trouble = RateLimited(system="tracker.test", until=until)
    await dispatcher.turn()
    assert dt.datetime.fromisoformat((await read(user, ordered))["next_attempt_at"]) == until


@pytest.mark.parametrize(
    "refusal", [NotAccepted(system="tracker.test", reason="no such label"), ReadOnly(system="tracker.test")]
)
async def test_what_a_tracker_refuses_is_failed_until_it_is_ordered_again(user, tracker, dispatcher, failed, refusal):
    ordered = await order(user, failed)
    tracker.trouble = refusal
    assert (await dispatcher.turn())["failed"] == 1
    assert (await read(user, ordered))["error"] == str(refusal)
    assert (await user.get(ORDERS, params={"status": "failed"})).json()["items"][0]["id"] == ordered["id"]
    tracker.trouble = None
    again = await order(user, failed, title="Better")
    assert (again["id"], again["status"], again["title"], again["error"]) == (ordered["id"], "wanted", "Better", None)
    assert (await dispatcher.turn())["made"] == 1


async def test_a_result_that_went_away_still_gets_its_issue(user, database, dispatcher, failed):
    ordered = await order(user, failed)
    await database.execute("delete from test_result")
    await dispatcher.turn()
    shown = await read(user, ordered)
    assert (shown["status"], shown["test_result_id"]) == ("made", None)


async def test_orders_that_make_no_sense_are_refused(user, database, execution, failed):
    passed = (await result_ids(database, execution))["video"]
    body = {"test_result_id": failed, "source": "github", "project": "acme/core"}
    for change, status in [
        ({"test_result_id": passed}, 409),
        ({"test_result_id": 4711}, 404),
        ({"source": "jira", "project": "PROJ"}, 409),
        ({"host": "github.example.com"}, 409),
        ({"project": "../../user"}, 422),
        ({"project": "no slash"}, 422),
        ({"title": ""}, 422),
    ]:
        answer = await user.post(ORDERS, json=body | change)
        assert answer.status_code == status, (change, answer.text)
    assert (await user.get(f"{ORDERS}/4711")).status_code == 404


async def test_orders_are_listed_newest_first_by_result_and_status(user, failed):
    ids = [(await order(user, failed, project=f"acme/p{place}"))["id"] for place in range(3)]
    page = (await user.get(ORDERS, params={"test_result_id": failed, "limit": 2})).json()
    assert [item["id"] for item in page["items"]] == ids[:0:-1]
    rest = (await user.get(ORDERS, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [item["id"] for item in rest["items"]] == ids[:1]
    assert (await user.get(ORDERS, params={"status": "made"})).json()["items"] == []


async def test_nobody_orders_without_the_permissions(served, database, failed):
    body = {"test_result_id": failed, "source": "github", "project": "acme/core"}
    for permission in RIGHTS:
        somebody = await as_user(served, database, permission)
        assert (await somebody.post(ORDERS, json=body)).status_code == 403
