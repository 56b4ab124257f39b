"""Issues against a tracker in memory; what trackers say over HTTP is in tests/contract/issue_tracker."""

import asyncio
import datetime as dt
from typing import Any

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.fakes.issue_tracker import FakeIssueTracker
from tests.people import as_user

from touchstone.adapters.issue_tracker import Fetched, IssueReference, NotModified
from touchstone.adapters.issue_trackers import IssueTrackers
from touchstone.adapters.tracker_urls import TrackerHosts
from touchstone.database.executor import Database
from touchstone.domains.issues.sync_model import SyncTiers
from touchstone.domains.issues.synchroniser import IssueSynchroniser
from touchstone.setting_values import Secret
from touchstone.settings import Settings

TIERS = SyncTiers(open_seconds=3600, recent_closed_seconds=21_600, old_closed_seconds=604_800, old_closed_days=30)
DAY = 86_400


class PacedTracker(FakeIssueTracker):
    """Waits before it answers, until it is let on; `meanwhile` is done before the answer is given."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.etags: list[str | None] = []
        self.crashing: set[str] = set()

    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified:
        self.etags.append(etag)
        self.begun.set()
        await self.may_answer.wait()
        if reference.key in self.crashing:
            raise RuntimeError("an answer nobody has thought of")
        return await super().fetch(reference, etag)


@pytest.fixture
def tracker() -> PacedTracker:
    return PacedTracker()


@pytest.fixture
def jira() -> FakeIssueTracker:
    return FakeIssueTracker()


@pytest.fixture
def synchroniser(database: Database, tracker: PacedTracker, jira: FakeIssueTracker) -> IssueSynchroniser:
    trackers = IssueTrackers({("github", ""): tracker, ("jira", ""): jira}, TrackerHosts())
    return IssueSynchroniser(database, trackers, TIERS, batch_size=3)


def reference(key: str = "1", project: str = "a/b") -> IssueReference:
    return IssueReference("github", project, key)


async def add(database: Database, key: str = "1", source: str = "github", project: str = "a/b", **columns: Any) -> int:
    return await database.fetch_value(
        """
        insert into issue (source, project, key, title, status, status_changed_at, sync_at)
        select $1, $2, $3, coalesce(title, ''), coalesce(status, 'unknown'), coalesce(status_changed_at, now()), now()
        from jsonb_populate_record(null::issue, $4) returning id
        """,
        source,
        project,
        key,
        columns,
    )


async def row(database: Database, issue_id: int) -> dict[str, Any]:
    return await database.fetch_value(
        """
        select json_build_object('title', title, 'status', status, 'labels', labels, 'failures', sync_failures,
            'error', sync_error, 'project', project, 'key', key, 'is_leased', sync_leased_until > now(),
            'wait', round(extract(epoch from sync_at - now())), 'is_synced', last_synced_at is not null,
            'since_change', round(extract(epoch from now() - status_changed_at)), 'etag', sync_etag)
        from issue where id = $1
        """,
        issue_id,
    )


async def make_due(database: Database) -> None:
    await database.execute("update issue set sync_at = now() - interval '1 s'")


async def test_title_state_and_labels_become_those_of_the_tracker(database, tracker, synchroniser):
    issue = await add(database, title="old")
    tracker.put(reference(), "Broken", is_closed=True, labels=("b", "a"))
    assert await synchroniser.turn() == {"changed": 1}
    found = await row(database, issue)
    assert (found["title"], found["status"], found["labels"]) == ("Broken", "closed", ["a", "b"])
    assert (found["failures"], found["error"], found["is_leased"]) == (0, None, None)
    [told] = await database.fetch_value(
        "select json_agg(json_build_object('actor', actor, 'subject', subject, 'before', before, 'after', after)) "
        "from audit_event where action = 'synchronise_issue'"
    )
    assert (told["actor"], told["subject"]) == ("touchstone", f"issue:{issue}")
    assert told["before"] == {"title": "old", "status": "unknown", "labels": None}
    assert told["after"] == {"title": "Broken", "status": "closed", "labels": ["a", "b"]}


async def test_what_has_not_changed_is_asked_for_by_its_etag_and_left_as_it_is(database, tracker, synchroniser):
    issue = await add(database)
    tracker.put(reference(), "Broken")
    await synchroniser.turn()
    await make_due(database)
    assert await synchroniser.turn() == {"unchanged": 1}
    assert tracker.etags[0] is None and tracker.etags[1]
    assert (await row(database, issue))["wait"] == 3600
    assert await database.fetch_value("select count(*) from audit_event") == 1


@pytest.mark.parametrize(
    ("is_closed", "days_ago", "wait"), [(False, 400, 3600), (True, 2, 21_600), (True, 31, 604_800), (True, 29, 21_600)]
)
async def test_how_often_an_issue_is_read_follows_from_when_its_state_last_changed(
    database, tracker, synchroniser, is_closed, days_ago, wait
):
    tracker.put(reference(), "Broken", is_closed=is_closed)
    changed = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days_ago)).isoformat()
    issue = await add(database, status="closed" if is_closed else "open", status_changed_at=changed)
    for _ in range(3):
        await make_due(database)
        await synchroniser.turn()
    found = await row(database, issue)
    assert found["wait"] == wait
    assert abs(found["since_change"] - days_ago * DAY) < 60


async def test_an_issue_that_is_closed_now_counts_as_closed_lately(database, tracker, synchroniser):
    issue = await add(database, status="open", status_changed_at="2020-01-01T00:00:00Z")
    tracker.put(reference(), "Broken", is_closed=True)
    await synchroniser.turn()
    assert (await row(database, issue))["wait"] == 21_600


async def test_an_issue_that_people_open_again_is_read_as_often_as_open_ones(database, tracker, synchroniser):
    tracker.put(reference(), "Broken", is_closed=True)
    issue = await add(database, status="closed", status_changed_at="2020-01-01T00:00:00Z")
    await synchroniser.turn()
    assert (await row(database, issue))["wait"] == 604_800
    await database.execute(
        "update issue set status = 'open', updated_at = now(), last_synced_at = now() - interval '2 hours'"
    )
    assert await synchroniser.turn() == {"changed": 1}
    assert (await row(database, issue))["status"] == "closed"


async def test_what_somebody_changes_while_it_is_read_stays_until_the_next_time(database, tracker, synchroniser):
    issue = await add(database, title="old", status="open")
    tracker.put(reference(), "Broken", labels=("bug",))
    tracker.may_answer.clear()
    going_on = asyncio.create_task(synchroniser.turn())
    await tracker.begun.wait()
    await database.execute("update issue set status = 'closed', updated_at = now()")
    tracker.may_answer.set()
    await going_on
    found = await row(database, issue)
    assert (found["title"], found["status"], found["labels"]) == ("Broken", "closed", ["bug"])
    await make_due(database)
    await synchroniser.turn()
    assert tracker.etags == [None, None], "an etag would hide what the tracker says"
    assert (await row(database, issue))["status"] == "open"


async def test_what_somebody_changes_between_two_readings_is_set_right(database, tracker, synchroniser):
    issue = await add(database)
    tracker.put(reference(), "Broken")
    await synchroniser.turn()
    await database.execute("update issue set title = 'My words', updated_at = now()")
    await make_due(database)
    await synchroniser.turn()
    assert (await row(database, issue))["title"] == "Broken"


async def test_issues_that_fail_wait_longer_each_time_and_never_hold_up_others(database, tracker, synchroniser):
    absent = [await add(database, str(key)) for key in range(7)]
    crashing = await add(database, "50")
    tracker.crashing = {"50"}
    sound = await add(database, "99")
    tracker.put(reference("99"), "Broken")
    assert await synchroniser.turn() == {"failed": 8, "changed": 1}
    assert (await row(database, sound))["title"] == "Broken"
    found = await row(database, absent[0])
    assert (found["failures"], found["error"], found["wait"]) == (1, "tracker.test has no 0", 60)
    assert (await row(database, crashing))["error"].startswith("RuntimeError")
    assert await synchroniser.turn() == {}
    await make_due(database)
    await synchroniser.turn()
    assert (await row(database, absent[0]))["wait"] == 120
    await database.execute("update issue set sync_failures = 1000000, sync_at = now()")
    tracker.put(reference("0"), "There again")
    await synchroniser.turn()
    assert (await row(database, absent[1]))["wait"] == DAY
    found = await row(database, absent[0])
    assert (found["failures"], found["error"], found["title"]) == (0, None, "There again")


async def test_a_tracker_that_limits_us_is_left_alone_until_it_said_and_others_are_not(
    database, tracker, jira, synchroniser
):
    issues = [await add(database, str(key)) for key in range(9)]
    other = await add(database, "7", "jira", "PROJ")
    jira.put(IssueReference("jira", "PROJ", "7"), "Card")
    tracker.limit_until(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    outcome = await synchroniser.turn()
    assert (await row(database, other))["title"] == "Card"
    assert len(tracker.asked) <= 4
    assert outcome.get("failed") is None
    found = await row(database, issues[0])
    assert (found["failures"], found["is_leased"], found["is_synced"]) == (0, None, False)
    asked = len(tracker.asked)
    await synchroniser.turn()
    assert len(tracker.asked) == asked
    tracker.trouble = None
    await database.execute("update tracker_pause set until = now()")
    for key in range(9):
        tracker.put(reference(str(key)), "Back")
    assert await synchroniser.turn() == {"changed": 9}


@pytest.mark.parametrize("trouble", ["refuse_credentials", "go_away"])
async def test_a_tracker_that_fails_again_and_again_is_left_alone_for_a_while(
    database, tracker, jira, synchroniser, trouble
):
    getattr(tracker, trouble)()
    for key in range(20):
        await add(database, str(key))
    other = await add(database, "7", "jira", "PROJ")
    jira.put(IssueReference("jira", "PROJ", "7"), "Card")
    await synchroniser.turn()
    assert len(tracker.asked) < 8
    assert (await row(database, other))["title"] == "Card"
    reason = await database.fetch_value("select reason from tracker_pause")
    assert reason == str(tracker.trouble)


async def test_an_issue_that_moved_is_known_by_its_new_address(database, tracker, synchroniser):
    issue = await add(database)
    tracker.put(reference(), "Broken", moved_to=reference("5", "a/c"))
    tracker.put(reference("5", "a/c"), "Broken")
    assert await synchroniser.turn() == {"changed": 1}
    found = await row(database, issue)
    assert (found["project"], found["key"], found["title"]) == ("a/c", "5", "Broken")
    await make_due(database)
    await synchroniser.turn()
    assert tracker.asked[-1] == reference("5", "a/c")


async def test_an_issue_that_moved_onto_another_one_says_so_and_stays(database, tracker, synchroniser):
    issue = await add(database)
    other = await add(database, "5", project="a/c")
    tracker.put(reference(), "Broken", moved_to=reference("5", "a/c"))
    tracker.put(reference("5", "a/c"), "Broken")
    await synchroniser.turn()
    found = await row(database, issue)
    assert (found["project"], found["title"], found["failures"], found["etag"]) == ("a/b", "Broken", 0, None)
    assert found["error"] == f"It has moved to https://github.com/a/c/issues/5, which is issue {other} here"


async def test_of_two_workers_each_issue_is_read_by_one(database, tracker, synchroniser):
    for key in range(12):
        await add(database, str(key))
        tracker.put(reference(str(key)), "Broken")
    other = IssueSynchroniser(database, synchroniser.trackers, TIERS, batch_size=3)
    first, second = await asyncio.gather(synchroniser.turn(), other.turn())
    assert first.get("changed", 0) + second.get("changed", 0) == 12
    assert sorted(asked.key for asked in tracker.asked) == sorted(str(key) for key in range(12))


async def test_what_a_killed_worker_held_is_read_when_its_lease_is_over(database, tracker, synchroniser):
    issue = await add(database)
    tracker.put(reference(), "Broken")
    tracker.may_answer.clear()
    killed = asyncio.create_task(synchroniser.turn())
    await tracker.begun.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    tracker.may_answer.set()
    assert await synchroniser.turn() == {}
    await database.execute("update issue set sync_leased_until = now() - interval '1 s'")
    assert await synchroniser.turn() == {"changed": 1}
    assert (await row(database, issue))["title"] == "Broken"


async def test_a_worker_whose_lease_was_over_changes_nothing(database, tracker, synchroniser):
    issue = await add(database, title="old")
    tracker.put(reference(), "Late")
    tracker.may_answer.clear()
    late = asyncio.create_task(synchroniser.turn())
    await tracker.begun.wait()
    await database.execute("update issue set sync_leased_until = now() + interval '1 hour', title = 'theirs'")
    tracker.may_answer.set()
    assert await late == {"lost": 1}
    assert (await row(database, issue))["title"] == "theirs"


async def test_no_connection_is_held_while_a_tracker_is_asked(settings, tracker):
    assert settings.database_url is not None
    narrow = Database(settings.database_url.reveal(), size=1)
    await narrow.open()
    try:
        await add(narrow)
        tracker.put(reference(), "Broken")
        tracker.may_answer.clear()
        trackers = IssueTrackers({("github", ""): tracker}, TrackerHosts())
        going_on = asyncio.create_task(IssueSynchroniser(narrow, trackers, TIERS).turn())
        await tracker.begun.wait()
        assert await asyncio.wait_for(narrow.fetch_value("select 1"), 5) == 1
        tracker.may_answer.set()
        await going_on
    finally:
        await narrow.close()


async def test_trackers_that_are_not_set_up_are_not_asked(database, synchroniser):
    issue = await add(database, "7", "launchpad", "ubuntu")
    assert await synchroniser.turn() == {}
    assert (await row(database, issue))["failures"] == 0


# --- on demand


@pytest.fixture
async def synced(settings: Settings):
    """A service that synchronises and has access to GitHub."""
    async with serving(replaced(settings, enable_issue_sync=True, github_token=Secret("t"))) as client:
        yield client


async def test_an_issue_that_is_asked_for_is_read_before_all_others(
    synced: httpx.AsyncClient, database, tracker, synchroniser
):
    user = await as_user(synced, database, "view_issue", "change_issue")
    for key in range(8):
        await add(database, str(key))
        tracker.put(reference(str(key)), "Broken")
    asked_for = await add(database, "42")
    tracker.put(reference("42"), "Fixed", is_closed=True)
    await database.execute("update issue set sync_at = now() + interval '1 day' where id = $1", asked_for)
    answer = await user.post(f"/api/v1/issues/{asked_for}/sync")
    assert answer.status_code == 202
    assert (answer.json()["is_due"], answer.json()["is_configured"]) == (True, True)
    await synchroniser.turn()
    assert "42" in [asked.key for asked in tracker.asked[:3]]
    state = (await user.get(f"/api/v1/issues/{asked_for}/sync")).json()
    assert (state["is_due"], state["is_running"], state["failures"], state["error"]) == (False, False, 0, None)
    assert state["last_synced_at"] is not None


async def test_what_is_asked_for_while_it_is_read_is_read_once_more(synced, database, tracker, synchroniser):
    user = await as_user(synced, database, "change_issue")
    issue = await add(database)
    tracker.put(reference(), "Broken")
    tracker.may_answer.clear()
    going_on = asyncio.create_task(synchroniser.turn())
    await tracker.begun.wait()
    await user.post(f"/api/v1/issues/{issue}/sync")
    tracker.may_answer.set()
    await going_on
    assert await synchroniser.turn() == {"unchanged": 1}


async def test_failures_and_pauses_are_shown(synced, database, tracker, synchroniser):
    user = await as_user(synced, database, "view_issue")
    issue = await add(database)
    await synchroniser.turn()
    tracker.limit_until(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    await add(database, "2")
    await synchroniser.turn()
    state = (await user.get(f"/api/v1/issues/{issue}/sync")).json()
    assert (state["failures"], state["error"]) == (1, "tracker.test has no 1")
    assert state["pause_reason"].startswith("tracker.test takes no more requests until")
    assert state["paused_until"] is not None


async def test_who_asks_is_told_when_it_cannot_be_read(client, synced, database):
    user = await as_user(synced, database, "change_issue")
    unknown = await add(database, "7", "jira", "PROJ")
    assert (await user.post(f"/api/v1/issues/{unknown}/sync")).status_code == 409
    assert (await user.post("/api/v1/issues/4711/sync")).status_code == 404
    github = await add(database)
    switched_off = await as_user(client, database, "change_issue")
    answer = await switched_off.post(f"/api/v1/issues/{github}/sync")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "Issues are not synchronised here; TOUCHSTONE_ENABLE_ISSUE_SYNC says so",
    )


async def test_nobody_asks_without_the_permission(synced, database):
    user = await as_user(synced, database, "view_issue")
    issue = await add(database)
    assert (await user.post(f"/api/v1/issues/{issue}/sync")).status_code == 403
    other = await as_user(synced, database, "change_issue")
    assert (await other.get(f"/api/v1/issues/{issue}/sync")).status_code == 403
