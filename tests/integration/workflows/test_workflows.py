"""Workflows over HTTP, on real Postgres; the cluster is played by the fake runner."""

from collections.abc import Awaitable, Callable

import httpx
from tests.builders import experiment, upload, workflow

Work = Callable[[], Awaitable[int]]


async def test_a_workflow_infers_evaluates_and_succeeds(client: httpx.AsyncClient, work: Work) -> None:
    experiment_id = await experiment(client, await upload(client))
    created = (await client.post("/api/v1/workflows/", json=workflow(experiment_id))).json()
    assert created["status"] == "created"

    await work()

    details = (await client.get(f"/api/v1/workflows/{created['id']}")).json()
    assert details["status"] == "succeeded", details
    assert details["metrics"]["rouge_rouge1_mean"] == 0.5
    assert len(details["jobs"]) == 2
    url = (await client.get(f"/api/v1/workflows/{created['id']}/result/download")).json()
    compiled = (await client.get(url)).json()
    assert compiled["artifacts"]["predictions"] == ["Hello there how", "Good bye now"]
