"""Each change of the evaluation half is one row, in the transaction of the change."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.builders import experiment, inference, upload, workflow
from tests.people import as_user

from touchstone.database.executor import Database

Work = Callable[[], Awaitable[int]]
Recorded = Callable[[], Awaitable[list[tuple[str, str]]]]


@pytest.fixture
def recorded(database: Database) -> Recorded:
    """Actions and subjects since the last time, the oldest first."""
    seen = 0

    async def new() -> list[tuple[str, str]]:
        nonlocal seen
        rows = await database.fetch_value(
            "select coalesce(json_agg(json_build_array(action, subject, id) order by id), '[]') from audit_event"
            " where id > $1",
            seen,
        )
        seen = rows[-1][2] if rows else seen
        return [(action, subject) for action, subject, _ in rows]

    return new


async def test_datasets_are_recorded_as_they_come_and_go(client: httpx.AsyncClient, recorded: Recorded) -> None:
    dataset = await upload(client)
    assert await recorded() == [("upload_dataset", f"dataset:{dataset}")]
    assert (await client.delete(f"/api/v1/datasets/{dataset}")).status_code == 204
    assert await recorded() == [("delete_dataset", f"dataset:{dataset}")]


async def test_jobs_are_recorded_when_they_are_made_cancelled_and_tried_again(
    client: httpx.AsyncClient, recorded: Recorded
) -> None:
    dataset = await upload(client)
    await recorded()
    job = (await client.post("/api/v1/jobs/inference/", json=inference(dataset))).json()["id"]
    assert await recorded() == [("create_inference_job", f"job:{job}")]
    for _ in range(2):
        assert (await client.post(f"/api/v1/jobs/{job}/cancel")).status_code == 200
    assert await recorded() == [("cancel_job", f"job:{job}")]
    for _ in range(2):
        assert (await client.post(f"/api/v1/jobs/{job}/retry")).status_code == 200
    assert await recorded() == [("retry_job", f"job:{job}")]


async def test_experiments_and_workflows_are_recorded(client: httpx.AsyncClient, recorded: Recorded) -> None:
    number = await experiment(client, await upload(client))
    assert (await recorded())[1:] == [("create_experiment", f"experiment:{number}")]
    flow = (await client.post("/api/v1/workflows/", json=workflow(number))).json()["id"]
    assert await recorded() == [("create_workflow", f"workflow:{flow}")]
    for _ in range(2):
        assert (await client.post(f"/api/v1/workflows/{flow}/cancel")).status_code == 200
    assert await recorded() == [("cancel_workflow", f"workflow:{flow}")]
    assert (await client.delete(f"/api/v1/workflows/{flow}")).status_code == 200
    assert await recorded() == [("delete_workflow", f"workflow:{flow}")]
    assert (await client.delete(f"/api/v1/experiments/{number}")).status_code == 200
    assert await recorded() == [("delete_experiment", f"experiment:{number}")]


async def test_a_workflow_that_is_tried_again_is_recorded(
    client: httpx.AsyncClient, recorded: Recorded, work: Work
) -> None:
    number = await experiment(client, await upload(client))
    flow = (await client.post("/api/v1/workflows/", json=workflow(number))).json()["id"]
    await client.post(f"/api/v1/workflows/{flow}/cancel")
    await work()
    await recorded()
    assert (await client.post(f"/api/v1/workflows/{flow}/retry")).status_code == 200
    assert await recorded() == [("retry_workflow", f"workflow:{flow}")]


async def test_secrets_are_recorded_without_their_values(
    client: httpx.AsyncClient, recorded: Recorded, database: Database
) -> None:
    body = {"value": "sk-very-secret", "description": "a key", "allowed_hosts": ["api.example.com"]}
    for _ in range(2):
        await client.put("/api/v1/settings/secrets/My_Key", json=body)
    for _ in range(2):
        await client.delete("/api/v1/settings/secrets/My_Key")
    put, gone = ("upload_secret", "secret:my_key"), ("delete_secret", "secret:my_key")
    assert await recorded() == [put, put, gone]
    written = await database.fetch_value("select string_agg(audit_event::text, '') from audit_event")
    assert "api.example.com" in written
    assert "very-secret" not in written


async def test_what_is_refused_leaves_no_row(client: httpx.AsyncClient, recorded: Recorded) -> None:
    assert (await client.post("/api/v1/datasets/", files={"dataset": ("a.csv", b"nothing\n")})).status_code >= 400
    nobody = "00000000-0000-0000-0000-000000000000"
    assert (await client.delete(f"/api/v1/datasets/{nobody}")).status_code == 404
    assert (await client.post(f"/api/v1/jobs/{nobody}/cancel")).status_code == 404
    assert (await client.post(f"/api/v1/jobs/{nobody}/retry")).status_code == 404
    assert await recorded() == []


async def test_a_call_that_is_sent_again_is_recorded_once(client: httpx.AsyncClient, recorded: Recorded) -> None:
    dataset = await upload(client)
    await recorded()
    for _ in range(2):
        await client.post("/api/v1/jobs/inference/", json=inference(dataset), headers={"Idempotency-Key": "once"})
    assert len(await recorded()) == 1


async def test_the_caller_and_his_request_are_named(client: httpx.AsyncClient, database: Database) -> None:
    user = await as_user(client, database, "change_dataset")
    answer = await user.post(
        "/api/v1/datasets/",
        files={"dataset": ("a.csv", b"examples\nHello there\n")},
        data={"format": "job"},
        headers={"X-Request-ID": "0123456789abcdef0123456789abcdef"},
    )
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = await database.fetch_value(
        "select row_to_json(audit_event) from audit_event where action = 'upload_dataset'"
    )
    person, session = await database.fetch_value("select array[user_id, id] from user_session")
    assert (row["actor"], row["credential"]) == (f"user:{person}", f"session:{session}")
    assert row["request_id"] == answer.headers["x-request-id"]
    assert row["after"]["filename"] == "a.csv"
