"""What the tests of several nouns share: a dataset, single turns of a dispatcher, and time that passes at once."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx
import pytest
from tests.builders import upload

from touchstone.assembly import Assembly
from touchstone.domains.jobs.dispatcher import Dispatcher


class Submit(Protocol):
    async def __call__(self, body: dict[str, Any], kind: str = "inference") -> dict[str, Any]: ...


@pytest.fixture
async def dataset(client: httpx.AsyncClient) -> str:
    """Two dialogues with ground truth."""
    return await upload(client)


@pytest.fixture
def submit(client: httpx.AsyncClient) -> Submit:
    """Posts a job and answers what was created."""

    async def post(body: dict[str, Any], kind: str = "inference") -> dict[str, Any]:
        answer = await client.post(f"/api/v1/jobs/{kind}/", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


@pytest.fixture
def read(client: httpx.AsyncClient) -> Callable[[str], Awaitable[Any]]:
    """The JSON at a path below `/api/v1/`."""

    async def get(path: str) -> Any:
        answer = await client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


@pytest.fixture
def dispatcher(parts: Assembly) -> Dispatcher:
    return parts.dispatcher()


@pytest.fixture
def turn(parts: Assembly, dispatcher: Dispatcher) -> Callable[[], Awaitable[int]]:
    """One turn in which everything is due."""

    async def once() -> int:
        await parts.database.execute("update job set look_at = now() where look_at > now()")
        return await dispatcher.turn()

    return once
