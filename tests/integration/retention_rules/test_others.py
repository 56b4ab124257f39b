"""Jobs, their logs, and notifications, as rules take them."""

import pytest
from tests.builders import experiment, inference, workflow
from tests.fakes.object_store import MemoryStore
from tests.people import add_user

from touchstone.domains.notifications.model import NotificationType
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.domains.retention_rules.model import RetentionKind
from touchstone.domains.retention_rules.schemas import RetentionRule
from touchstone.errors import Unavailable

JOBS = RetentionRule(kind=RetentionKind.JOBS, kept_days=30)
JOB_LOGS = RetentionRule(kind=RetentionKind.JOB_LOGS, kept_days=30)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def end_long_ago(database, days=31):
    await database.execute("update job set finished_at = finished_at - $1 * interval '1 day'", days)


def objects_of(store, job_id):
    return [key for key in store.objects if job_id in key]


async def test_old_jobs_go_with_their_logs_events_and_objects(submit, work, store, dataset, database, remove, client):
    old = (await submit(inference(dataset)))["id"]
    await work()
    await end_long_ago(database)
    young = (await submit(inference(dataset, name="a young one")))["id"]
    await work()
    store.objects[f"jobs/logs/{old}/000-001.log"] = b"x"
    assert objects_of(store, old)
    assert await remove(JOBS) == {"jobs": 1}
    assert objects_of(store, old) == []
    assert objects_of(store, young)
    assert (await client.get(f"/api/v1/jobs/{old}")).status_code == 404
    assert (await client.get(f"/api/v1/jobs/{young}")).status_code == 200
    assert await database.fetch_value("select count(distinct job_id) from job_event") == 1


async def test_jobs_that_go_on_and_steps_of_workflows_stay(client, submit, turn, work, dataset, database, remove):
    await client.post("/api/v1/workflows/", json=workflow(await experiment(client, dataset)))
    await work()
    await end_long_ago(database, 3000)
    await submit(inference(dataset, name="a slow one"))
    await turn()
    assert await remove(JOBS) == {}
    await database.execute("update workflow set deleted_at = now()")
    assert await remove(JOBS) == {"jobs": 2}


async def test_a_store_that_is_down_leaves_objects_without_a_row_and_no_row_without_objects(
    submit, work, store, dataset, database, remove
):
    old = (await submit(inference(dataset)))["id"]
    await work()
    await end_long_ago(database)
    store.unavailable = "it is down"
    with pytest.raises(Unavailable):
        await remove(JOBS)
    store.unavailable = None
    assert await database.fetch_value("select count(*) from job") == 0
    assert objects_of(store, old)


async def test_logs_of_old_jobs_go_and_the_jobs_stay(submit, work, store, dataset, database, remove, read, client):
    old = (await submit(inference(dataset)))["id"]
    await work()
    await end_long_ago(database)
    store.objects[f"jobs/logs/{old}/000-001.log"] = b"x"
    assert await database.fetch_value("select log_size > 0 from job")
    assert await remove(JOB_LOGS) == {"job_logs": 1}
    assert await remove(JOB_LOGS) == {}
    assert (await read(f"jobs/{old}/logs"))["logs"] == ""
    assert (await client.get(f"/api/v1/jobs/{old}")).status_code == 200
    assert not [key for key in store.objects if key.startswith("jobs/logs/")]


async def test_old_notifications_go_read_or_not(database, remove):
    person = await add_user(database)
    notifications = NotificationRepository(database)
    for _ in range(3):
        await notifications.add([person], NotificationType.USER_ASSIGNED_ARTEFACT_REVIEW)
    await database.execute(
        "update notification set created_at = now() - interval '40 days' where id < (select max(id) from notification)"
    )
    rule = RetentionRule(kind=RetentionKind.NOTIFICATIONS, kept_days=30)
    assert await remove(rule) == {"notifications": 2}
    assert await remove(rule) == {}
    assert await database.fetch_value("select count(*) from notification") == 1
