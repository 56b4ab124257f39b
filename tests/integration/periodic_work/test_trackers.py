"""A worker with trackers in memory: what people ask for is done at once, and seen as runs."""

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.fakes.issue_tracker import FakeIssueTracker
from tests.people import as_admin
from tests.recording import add_execution, attached_to, result_ids

from touchstone.adapters.issue_tracker import IssueReference
from touchstone.adapters.issue_trackers import IssueTrackers
from touchstone.adapters.tracker_urls import TrackerHosts
from touchstone.assembly import assemble
from touchstone.domains.periodic_work.dispatcher import PeriodicDispatcher
from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.domains.test_results.model import NewResult
from touchstone.domains.test_results.recording import record
from touchstone.http.caller import SYSTEM
from touchstone.periodic_tasks import periodic_tasks
from touchstone.setting_values import Secret
from touchstone.trackers import OutsideSystems, outside_systems


@pytest.fixture
def tracker() -> FakeIssueTracker:
    return FakeIssueTracker()


@pytest.fixture
def known(settings):
    return replaced(settings, enable_issue_sync=True, github_token=Secret("t"))


@pytest.fixture
async def admin(known, database):
    async with serving(known) as client:
        yield await as_admin(client, database)


@pytest.fixture
async def dispatcher(known, tracker, runner, store):
    real = outside_systems(known)
    trackers = IssueTrackers({("github", ""): tracker}, TrackerHosts())
    outside = OutsideSystems(trackers, None, real.snaps, real.packages, real.kernels)
    parts = assemble(known, runner=runner, store=store, outside=outside)
    async with parts.opened():
        yield PeriodicDispatcher(parts.database, periodic_tasks(parts))
    assert tracker.is_closed


async def work_off(dispatcher: PeriodicDispatcher) -> None:
    """A turn begins a few runs only."""
    for _ in range(20):
        if not await dispatcher.turn():
            return


async def last_run(admin: httpx.AsyncClient, name: str) -> dict:
    return (await admin.get(f"/api/v1/periodic-work/{name}/runs")).json()["items"][0]


async def test_an_issue_is_made_attached_and_read_again_as_soon_as_people_ask(admin, database, dispatcher, tracker):
    await work_off(dispatcher)
    execution = await add_execution(database)
    async with database.transaction() as transaction:
        await record(transaction, SYSTEM, execution, [NewResult(name="boots", status=TestResultStatus.FAILED)])
    result = (await result_ids(database, execution))["boots"]
    body = {"test_result_id": result, "source": "github", "project": "acme/core"}
    ordered = (await admin.post("/api/v1/issue-orders", json=body)).json()
    await work_off(dispatcher)
    run = await last_run(admin, "make_ordered_issues")
    assert (run["outcome"], run["detail"]["made"]) == ("succeeded", 1)
    assert run["triggered_by"].startswith("user:")
    issue = (await admin.get(f"/api/v1/issue-orders/{ordered['id']}")).json()["issue_id"]
    assert [attached[1] for attached in await attached_to(database, execution)] == [issue]
    tracker.put(IssueReference("github", "acme/core", "1"), "Fixed", is_closed=True)
    assert (await admin.post(f"/api/v1/issues/{issue}/sync")).status_code == 202
    await work_off(dispatcher)
    assert (await last_run(admin, "synchronise_issues"))["detail"] == {"changed": 1}
    assert (await admin.get(f"/api/v1/issues/{issue}")).json()["status"] == "closed"
