"""A workflow on a fresh experiment, started by one call."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx
import pytest
from tests.builders import experiment, workflow


class Start(Protocol):
    async def __call__(self, **fields: Any) -> dict[str, Any]: ...


@pytest.fixture
async def experiment_id(client: httpx.AsyncClient, dataset: str) -> str:
    return await experiment(client, dataset)


@pytest.fixture
def start(client: httpx.AsyncClient, experiment_id: str) -> Start:
    """Creates a workflow and answers what was created."""

    async def post(**fields: Any) -> dict[str, Any]:
        answer = await client.post("/api/v1/workflows/", json={**workflow(experiment_id), **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


@pytest.fixture
def ask(client: httpx.AsyncClient) -> Callable[[str, str], Awaitable[dict[str, Any]]]:
    """Posts `cancel` or `retry`."""

    async def post(workflow_id: str, what: str) -> dict[str, Any]:
        answer = await client.post(f"/api/v1/workflows/{workflow_id}/{what}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


@pytest.fixture
def jobs_of(read: Callable[[str], Awaitable[Any]]) -> Callable[[str], Awaitable[dict[str, dict[str, Any]]]]:
    """The jobs of a workflow by step."""

    async def find(workflow_id: str) -> dict[str, dict[str, Any]]:
        found = [job for job in (await read("jobs/"))["items"] if job["workflow_id"] == workflow_id]
        return {job["name"].rpartition("-")[2]: job for job in found}

    return find
