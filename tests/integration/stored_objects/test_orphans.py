"""Objects that no row refers to: found, and removed only when nobody can want them any more."""

import asyncio
import datetime as dt
from uuid import UUID, uuid4

import pytest
from tests.builders import inference
from tests.fakes.object_store import MemoryStore
from tests.people import as_admin
from tests.recording import add_execution

from touchstone.database.executor import Database
from touchstone.domains.jobs.kinds import target_dataset_id
from touchstone.domains.stored_objects import service
from touchstone.domains.stored_objects.service import OrphanSweep
from touchstone.domains.test_results.raw_file_repository import RawResultFileRepository
from touchstone.errors import Unavailable

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RAW = f"test-results/raw/ab/{'ab' * 32}.xml"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def sweep(parts) -> OrphanSweep:
    return parts.orphan_sweep()


@pytest.fixture
async def rows(database, submit, work, dataset):
    """Something of each kind, so that no place is doubtful."""
    await submit(inference(dataset, store_to_dataset=True))
    await work()
    execution = await add_execution(database)
    await RawResultFileRepository(database).add(execution, "ab" * 32, "application/xml", 1, RAW)


def put(store, *keys, at=LONG_AGO):
    for key in keys:
        store.objects[key], store.modified[key] = b"orphan", at


def grow_old(store):
    store.modified = dict.fromkeys(store.objects, LONG_AGO)


async def a_day_later(database: Database):
    await database.execute("update orphaned_object set found_at = found_at - interval '25 hours'")


async def test_what_rows_refer_to_is_no_orphan(rows, sweep, store, database):
    put(store, RAW)
    grow_old(store)
    found = await sweep.look()
    assert (found.orphans, found.strange, found.doubtful) == (0, 0, [])
    assert found.looked_at == len(store.objects)
    await sweep.find()
    assert await database.fetch_value("select count(*) from orphaned_object") == 0


async def test_orphans_of_each_kind_are_found_and_removed_a_day_later(rows, sweep, store, database):
    grow_old(store)
    kept = set(store.objects)
    orphans = [
        f"datasets/{uuid4()}/a.csv/a.csv",
        f"jobs/results/a-name/{uuid4()}/results.json",
        f"jobs/work/{uuid4()}/1/config.json",
        f"jobs/logs/{uuid4()}/000000000000000-000000000000009.log",
        f"test-results/raw/cd/{'cd' * 32}.tap",
    ]
    put(store, *orphans)
    assert sorted((await sweep.look()).sample) == sorted(orphans)
    assert (await sweep.find()).orphans == 5
    assert await sweep.remove() == 0
    await a_day_later(database)
    assert await sweep.remove() == 5
    assert set(store.objects) == kept
    assert await database.fetch_value("select count(*) from orphaned_object") == 0
    told = await database.fetch_value("select before -> 'keys' from audit_event where action like 'remove_orphan%'")
    assert sorted(told) == sorted(orphans)


async def test_young_and_strange_objects_are_left_alone(rows, sweep, store, database):
    grow_old(store)
    put(store, f"jobs/work/{uuid4()}/1/config.json", at=dt.datetime.now(dt.UTC))
    put(store, "datasets/readme.txt", "jobs/results/x/y/z", "somebody/elses", "test-results/raw/zz/abc.xml")
    found = await sweep.look(delete=True)
    assert (found.orphans, found.strange, found.removed) == (0, 3, 0)


async def test_one_that_is_referred_to_again_stays(rows, sweep, store, database):
    key = f"test-results/raw/cd/{'cd' * 32}.xml"
    put(store, key)
    await sweep.find()
    await a_day_later(database)
    await RawResultFileRepository(database).add(await add_execution(database), "cd" * 32, "application/xml", 1, key)
    assert await sweep.remove() == 0
    assert key in store.objects
    assert await database.fetch_value("select count(*) from orphaned_object") == 0


async def test_a_dataset_that_a_job_made_while_no_worker_ran_is_no_orphan(rows, sweep, store, submit, dataset, turn):
    grow_old(store)
    job = (await submit(inference(dataset, name="a slow one", store_to_dataset=True)))["id"]
    await turn()
    put(store, f"datasets/{target_dataset_id(UUID(job), 1)}/made.csv/made.csv")
    assert (await sweep.look()).orphans == 0


async def test_a_database_without_rows_is_not_taken_for_the_owner_of_the_store(sweep, store, database):
    put(store, f"jobs/work/{uuid4()}/1/config.json", RAW)
    found = await sweep.look(delete=True)
    assert (found.orphans, found.doubtful) == (0, ["jobs/work/", "test-results/raw/"])
    assert (await sweep.find()).looked_at == 0
    assert len(store.objects) == 2


async def test_a_walk_goes_on_where_the_last_run_stopped(rows, sweep, store, database, monkeypatch):
    monkeypatch.setattr(service, "PAGE", 2)
    put(store, *(f"jobs/work/{uuid4()}/1/config.json" for _ in range(7)))
    looked_at = 0
    while looked_at < len(store.objects):
        looked_at += (await sweep.find(at_most=2)).looked_at
    assert looked_at == len(store.objects)
    assert await database.fetch_value("select count(*) from orphaned_object") == 7


async def test_a_worker_that_dies_between_the_row_and_the_object_leaves_the_rest_to_the_next(
    rows, sweep, store, database
):
    put(store, f"jobs/work/{uuid4()}/1/config.json")
    await sweep.find()
    await a_day_later(database)
    store.unavailable = "it is down"
    with pytest.raises(Unavailable):
        await sweep.remove()
    store.unavailable = None
    assert await database.fetch_value("select count(*) from orphaned_object where doomed_at is not null") == 1
    assert await sweep.remove() == 1


async def test_a_file_that_comes_again_while_its_object_is_being_removed_is_asked_for_once_more(
    rows, sweep, store, database, client
):
    admin, execution = await as_admin(client, database), await add_execution(database)
    path, kind = f"/api/v1/test-executions/{execution}/test-results", {"Content-Type": "text/x-tap"}
    body = b"TAP version 13\n1..1\nok 1 - boots\n"
    assert (await admin.post(path, content=body, headers=kind)).status_code == 200
    await database.execute("delete from raw_result_file where media_type = 'text/x-tap'")
    (key,) = [key for key in store.objects if key.endswith(".tap")]
    put(store, key)
    await sweep.find()
    await a_day_later(database)
    store.unavailable = None
    await database.execute("update orphaned_object set doomed_at = now()")  # as when a worker died right then
    refused = await admin.post(path, content=body, headers=kind)
    assert refused.status_code == 503, refused.text
    assert "send it again" in refused.json()["detail"]
    assert await sweep.remove() == 1
    assert (await admin.post(path, content=body, headers=kind)).status_code == 200
    assert key in store.objects


async def test_whoever_refers_to_an_object_first_is_waited_for(rows, sweep, store, parts, database):
    key = f"test-results/raw/cd/{'cd' * 32}.xml"
    put(store, key)
    await sweep.find()
    await a_day_later(database)
    execution = await add_execution(database)
    async with parts.database.transaction() as transaction:
        files = RawResultFileRepository(transaction)
        await files.require_not_doomed(key)
        await files.add(execution, "cd" * 32, "application/xml", 1, key)
        removing = asyncio.create_task(sweep.remove())
        async with asyncio.timeout(20):
            while not await database.fetch_value("select exists (select from pg_locks where not granted)"):
                await asyncio.sleep(0.01)
    assert await removing == 0
    assert key in store.objects
