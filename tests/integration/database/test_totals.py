"""The totals of lists stay what counting would find, whoever inserts, marks as deleted or deletes."""

import asyncio

import asyncpg
import pytest
from tests.builders import experiment, inference, upload, workflow

from touchstone.embedded.postgres import EmbeddedPostgres

COUNTED = """
    select list, number from (
        select 'job/' || kind as list, count(*) as number from job group by kind
        union all select 'workflow', count(*) from workflow where deleted_at is null
        union all select 'experiment', count(*) from experiment where deleted_at is null
    ) as counted where number > 0
"""
KEPT = "select list, sum(total)::bigint as number from list_total group by list having sum(total) <> 0"


@pytest.fixture
async def owner(postgres: EmbeddedPostgres, settings):
    connection = await asyncpg.connect(postgres.owner_url)
    yield connection
    await connection.close()


async def totals(connection: asyncpg.Connection, statement: str) -> dict[str, int]:
    return {row["list"]: row["number"] for row in await connection.fetch(statement)}


async def total_of(client, path: str) -> int:
    return (await client.get(f"/api/v1/{path}")).json()["total"]


async def test_what_clients_create_and_delete_is_counted(client, owner):
    dataset = await upload(client)
    first, second = await experiment(client, dataset), await experiment(client, dataset)
    for place in (first, second, second):
        assert (await client.post("/api/v1/workflows/", json=workflow(place))).status_code == 201
    for _ in range(3):
        assert (await client.post("/api/v1/jobs/inference/", json=inference(dataset))).status_code == 201
    evaluation = {"name": "e", "dataset": dataset, "job_config": {"metrics": ["rouge"]}}
    assert (await client.post("/api/v1/jobs/evaluator/", json=evaluation)).status_code == 201
    assert await totals(owner, KEPT) == {"job/inference": 6, "job/evaluator": 1, "workflow": 3, "experiment": 2}
    assert (await client.delete(f"/api/v1/experiments/{second}")).status_code == 200
    assert await total_of(client, "jobs/") == 7
    assert await total_of(client, "jobs/?job_types=evaluator") == 1
    assert await total_of(client, "jobs/?job_types=annotate") == 0
    assert await total_of(client, "jobs/?job_types=evaluator&job_types=inference") == 7
    assert await total_of(client, "workflows/") == 1
    assert await total_of(client, "experiments/") == 1


async def test_they_hold_for_many_sessions_at_once(client, owner):
    dataset = await upload(client)
    bodies = [inference(dataset, name=f"job {number}") for number in range(40)]
    answers = await asyncio.gather(*(client.post("/api/v1/jobs/inference/", json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {201}
    assert await totals(owner, KEPT) == await totals(owner, COUNTED) == {"job/inference": 40}


async def test_rows_that_are_deleted_or_brought_back_by_hand_are_counted(client, owner):
    dataset = await upload(client)
    kept, gone = await experiment(client, dataset), await experiment(client, dataset)
    for place in (kept, gone):
        await client.post("/api/v1/workflows/", json=workflow(place))
    await client.delete(f"/api/v1/experiments/{gone}")
    await owner.execute("update workflow set deleted_at = null")
    assert await totals(owner, KEPT) == await totals(owner, COUNTED)
    await owner.execute("delete from experiment where id = $1", int(kept))
    assert await totals(owner, KEPT) == await totals(owner, COUNTED) == {"job/inference": 1, "workflow": 1}
    await owner.execute("delete from experiment")
    assert await totals(owner, KEPT) == await totals(owner, COUNTED) == {}


async def test_a_transaction_that_is_taken_back_counts_nothing(client, owner):
    dataset = await upload(client)
    await experiment(client, dataset)
    before = await totals(owner, KEPT)
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with owner.transaction():
            await owner.execute("update experiment set deleted_at = now()")
            await owner.execute("select 1 / 0")
    assert await totals(owner, KEPT) == before == {"experiment": 1}
