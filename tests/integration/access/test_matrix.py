"""Every operation that asks for permissions: refused without them, to everybody; done with them, and for admins."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx
import pytest
from tests import people
from tests.conftest import replaced, serving
from tests.described import described_api
from tests.fakes.runner import FakeRunner
from tests.integration.access.calls import (
    NEEDED,
    PATHS,
    PREPARED,
    REQUESTS,
    Operation,
    call,
    lacking,
    operations_of,
)
from tests.integration.access.world import World

from touchstone.adapters.local_store import LocalStore
from touchstone.database.executor import Database
from touchstone.http.openapi import document
from touchstone.setting_values import Secret
from touchstone.settings import Settings

OPERATIONS = operations_of(document(described_api()))


@pytest.fixture
async def closed(settings: Settings, runner: FakeRunner, store: LocalStore) -> AsyncGenerator[httpx.AsyncClient]:
    """A service that is open to nobody, and has access to a tracker."""
    closed = replaced(settings, ignore_permissions=(), enable_issue_sync=True, github_token=Secret("t"))
    async with serving(closed, runner, store) as client:
        yield client


@pytest.fixture
async def world(closed: httpx.AsyncClient, database: Database, work: Callable[[], Awaitable[int]]) -> World:
    return World(await people.as_admin(closed, database), database, work)


def test_each_operation_with_permissions_can_be_called_here() -> None:
    found = {operation.key: missing for operation in OPERATIONS if (missing := lacking(operation))}
    assert not found, "\n".join(["write", *(f"  for {key}: {', '.join(what)}" for key, what in found.items())])


def test_what_is_written_for_operations_belongs_to_one() -> None:
    keys = {operation.key for operation in OPERATIONS}
    parents = {parent for operation in OPERATIONS for parent in operation.parents.values()}
    strange = ({*REQUESTS, *NEEDED, *PREPARED} - keys) | (PATHS.keys() - parents)
    assert not strange, f"no operation with permissions has these paths: {sorted(strange)}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_an_operation_asks_for_its_permissions(
    operation: Operation, closed: httpx.AsyncClient, world: World, database: Database
) -> None:
    missing = lacking(operation)
    assert not missing, f"for {operation.key} write {', '.join(missing)}"
    for client in closed, await people.as_user(closed, database), await people.as_application(closed, database):
        assert (await call(world, operation, client)).status_code == 403
    needed = [*operation.permissions, *NEEDED.get(operation.key, [])]
    user, application = (
        await people.as_user(closed, database, *needed),
        await people.as_application(closed, database, *needed),
    )
    for client in user, application, world.admin:
        answer = await call(world, operation, client)
        assert answer.is_success, answer.text
