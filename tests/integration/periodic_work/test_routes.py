"""Looking at periodic work, and asking for a run."""

import httpx
import pytest
from tests.integration.periodic_work.conftest import PERIODIC_WORK, Gate, runs_of
from tests.people import as_admin, as_user
from tests.sweeping import sweep

from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.periodic_work.dispatcher import PeriodicDispatcher
from touchstone.periodic_tasks import periodic_tasks


async def nothing() -> None:
    return None


@pytest.fixture
async def admin(client, database) -> httpx.AsyncClient:
    return await as_admin(client, database)


async def test_callers_without_the_permission_are_refused(client, database):
    reader = await as_user(client, database, "view_periodic_work")
    for caller, method, path in (
        (client, "GET", ""),
        (client, "GET", "/work/runs"),
        (client, "POST", "/work/runs"),
        (reader, "POST", "/work/runs"),
    ):
        assert (await caller.request(method, PERIODIC_WORK + path)).status_code == 403


async def test_the_list_shows_each_schedule_with_its_last_run(admin, worker, make_due):
    gate = Gate()
    one = worker(gate.work)
    await one.begin_due()
    await gate.is_begun.wait()
    (going_on,) = (await admin.get(PERIODIC_WORK)).json()["items"]
    assert (going_on["name"], going_on["is_running"], going_on["is_registered"]) == ("work", True, True)
    assert (going_on["last_run"]["outcome"], going_on["last_run"]["ended_at"]) == (None, None)
    gate.may_end.set()
    await one.turn()
    (ended,) = (await admin.get(PERIODIC_WORK)).json()["items"]
    assert (ended["is_running"], ended["failures"], ended["every_seconds"]) == (False, 0, 300)
    assert ended["last_run"].items() >= {"outcome": "succeeded", "detail": {"begun": 1}, "triggered_by": None}.items()
    assert ended["last_run"]["duration_seconds"] >= 0


async def test_runs_are_read_page_by_page_newest_first(admin, worker, make_due):
    one = worker(nothing)
    for _ in range(3):
        await one.turn()
        await make_due()
    everything = await runs_of(admin)
    first = await admin.get(f"{PERIODIC_WORK}/work/runs", params={"limit": 2})
    assert first.json()["items"] == everything[:2]
    rest = await admin.get(first.links["next"]["url"])
    assert rest.json() == {"items": everything[2:], "next_cursor": None}
    assert [run["id"] for run in everything] == sorted((run["id"] for run in everything), reverse=True)


async def test_a_run_that_is_asked_for_is_done_beside_those_that_are_due(admin, worker, database):
    one = worker(nothing)
    await one.turn()
    asked = await admin.post(f"{PERIODIC_WORK}/work/runs")
    again = await admin.post(f"{PERIODIC_WORK}/work/runs")
    assert (asked.status_code, again.status_code) == (202, 202)
    assert asked.json()["triggered_by"].startswith("user:")
    assert again.json()["triggered_at"] == asked.json()["triggered_at"]
    assert [await one.turn(), await one.turn()] == [1, 0]
    newest, first = await runs_of(admin)
    assert (newest["triggered_by"], first["triggered_by"]) == (asked.json()["triggered_by"], None)
    told = await AuditRepository(database).list_newest(
        actor=None, subject="periodic_work:work", action=None, since=None, until=None, before=None, limit=9
    )
    assert [event.action for event in told] == ["trigger_periodic_work"] * 2


async def test_asking_while_it_runs_begins_another_run_afterwards(admin, worker):
    gate = Gate()
    one = worker(gate.work)
    await one.begin_due()
    assert (await admin.post(f"{PERIODIC_WORK}/work/runs")).status_code == 202
    assert await one.begin_due() == 0
    gate.may_end.set()
    await one.turn()
    assert await one.turn() == 1
    assert gate.most_at_once == 1


async def test_what_does_not_exist_is_not_found(admin):
    for method in ("GET", "POST"):
        answer = await admin.request(method, f"{PERIODIC_WORK}/nothing/runs")
        assert (answer.status_code, answer.json()["detail"]) == (404, "Periodic work 'nothing' doesn't exist")


async def test_what_is_switched_off_cannot_be_asked_for(admin, worker):
    await worker(nothing, enabled=False).turn()
    answer = await admin.post(f"{PERIODIC_WORK}/work/runs")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "Periodic work 'work' is switched off by the settings of the workers"


async def test_what_no_worker_does_any_more_is_shown_as_such_and_cannot_be_asked_for(admin, worker, database):
    await worker(nothing).turn()
    await database.execute("update periodic_work set registered_at = now() - interval '1 hour'")
    (found,) = (await admin.get(PERIODIC_WORK)).json()["items"]
    assert not found["is_registered"]
    answer = await admin.post(f"{PERIODIC_WORK}/work/runs")
    assert (answer.status_code, answer.json()["detail"]) == (409, "No worker that runs does the periodic work 'work'")


async def test_everything_that_workers_do_is_listed_and_succeeds(admin, parts):
    tasks = periodic_tasks(parts)
    dispatcher = PeriodicDispatcher(parts.database, tasks)
    while await dispatcher.turn():
        pass
    items = (await admin.get(PERIODIC_WORK)).json()["items"]
    assert [item["name"] for item in items] == sorted(task.name for task in tasks)
    outcomes = {item["name"]: item["last_run"] and item["last_run"]["outcome"] for item in items}
    assert outcomes == {task.name: "succeeded" if task.enabled else None for task in tasks}


async def test_all_of_it_can_be_done_once_whether_it_is_due_or_not(parts):
    await sweep(parts)
