"""Every operation that asks for permissions: refused without them, to everybody; done with them, and for admins."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx
import pytest
from tests import people
from tests.conftest import replaced, serving
from tests.described import described_api
from tests.fakes.runner import FakeRunner
from tests.integration.access.world import World

from touchstone.adapters.local_store import LocalStore
from touchstone.database.executor import Database
from touchstone.http.openapi import document
from touchstone.settings import Settings

Operation = tuple[str, str, str, list[str]]


def operations() -> list[Operation]:
    return [
        (operation["operationId"], method.upper(), path, operation["x-permissions"])
        for path, methods in document(described_api())["paths"].items()
        for method, operation in methods.items()
        if operation.get("x-permissions")
    ]


@pytest.fixture
async def closed(settings: Settings, runner: FakeRunner, store: LocalStore) -> AsyncGenerator[httpx.AsyncClient]:
    """A service that is open to nobody."""
    async with serving(replaced(settings, ignore_permissions=()), runner, store) as client:
        yield client


@pytest.fixture
async def world(closed: httpx.AsyncClient, database: Database, work: Callable[[], Awaitable[int]]) -> World:
    return World(await people.as_admin(closed, database), database, work)


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation[0])
async def test_an_operation_asks_for_its_permissions(
    operation: Operation, closed: httpx.AsyncClient, world: World, database: Database
) -> None:
    name, method, path, permissions = operation

    async def status(client: httpx.AsyncClient) -> tuple[int, str]:
        values = await world.path_values(name, re.findall(r"{(\w+)}", path))
        if name.endswith("_visibility"):
            await world.give_away(values, client)
        answer = await client.request(method, path.format(**values), **await world.body(name))
        return answer.status_code, answer.text

    refused = [closed, await people.as_user(closed, database), await people.as_application(closed, database)]
    for client in refused:
        assert (await status(client))[0] == 403
    needed = [*permissions, *(["view_job"] if "webhook" in name else [])]
    # whoever is told of jobs must be allowed to see them
    allowed = [
        await people.as_user(closed, database, *needed),
        await people.as_application(closed, database, *needed),
        world.admin,
    ]
    for client in allowed:
        code, text = await status(client)
        assert 200 <= code < 300, text
