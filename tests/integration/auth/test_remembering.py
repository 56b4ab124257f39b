"""What knowing a caller costs: one statement, remembered for seconds, forgotten as soon as somebody's rights change."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from tests.people import add_application, add_team, add_user, join, session_of

from touchstone.database.executor import Database
from touchstone.domains.auth.authenticator import REMEMBERED_SECONDS, Authenticator
from touchstone.settings import Settings


class Counted(Database):
    """Counts what is asked of it."""

    statements = 0

    async def fetch_one(self, *asked: Any) -> Any:
        self.statements += 1
        return await super().fetch_one(*asked)


@pytest.fixture
async def counted(settings: Settings) -> AsyncGenerator[Counted]:
    assert settings.database_url is not None
    opened = Counted(settings.database_url.reveal(), size=2)
    await opened.open()
    yield opened
    await opened.close()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Stands still, so that nothing is forgotten for its age."""
    return Clock()


@pytest.fixture
async def authenticator(counted: Counted, clock: Clock) -> AsyncGenerator[Authenticator]:
    one = Authenticator(counted, idle_seconds=3600, clock=clock)
    async with one.listening():
        async with asyncio.timeout(10):
            await one._hears.wait()
        yield one


async def test_user_and_application_of_a_request_cost_one_statement(
    authenticator: Authenticator, counted: Counted, database: Database
):
    user = await add_user(database, permissions=["view_job"])
    _, key = await add_application(database, permissions=["view_dataset"])
    principal = await authenticator.principal(await session_of(database, user), key)
    assert principal.permissions == {"view_job", "view_dataset"}
    assert (principal.credential, counted.statements) == ("session and key", 1)


async def test_they_are_remembered_and_asked_for_again_after_seconds(
    authenticator: Authenticator, counted: Counted, database: Database, clock: Clock
):
    token = await session_of(database, await add_user(database))
    await settled(authenticator, token)
    before = counted.statements
    for _ in range(50):
        await authenticator.principal(token, None)
    assert counted.statements == before
    clock.now += REMEMBERED_SECONDS
    await authenticator.principal(token, None)
    assert counted.statements == before + 1


async def test_credentials_that_are_nobodys_are_remembered_too(authenticator: Authenticator, counted: Counted):
    for _ in range(5):
        assert (await authenticator.principal(None, "to_nobodys")).is_anonymous
    assert counted.statements == 1


async def settled(authenticator: Authenticator, token: str) -> None:
    """Until the news of how the principal was made are over."""
    async with asyncio.timeout(10):
        while len(authenticator._remembered) == 0 or authenticator._changed.is_set():
            await authenticator.principal(token, None)
            await asyncio.sleep(0.05)


CHANGES = {
    "a team is granted a permission": "update team set permissions = '{view_job,change_job}'",
    "a team is deleted": "delete from team",
    "a member leaves": "delete from team_member",
    "a user becomes an administrator": "update app_user set is_admin = true",
    "a user is deleted": "delete from app_user",
    "a session is revoked": "delete from user_session",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_another_process_hears_of_a_change(authenticator: Authenticator, database: Database, change: Any):
    user = await add_user(database)
    await join(database, user, await add_team(database, permissions=["view_job"]))
    token = await session_of(database, user)
    await settled(authenticator, token)
    before = await authenticator.principal(token, None)
    await database.execute(change)
    async with asyncio.timeout(REMEMBERED_SECONDS):
        while await authenticator.principal(token, None) == before:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("change", ["update application set permissions = '{}'", "delete from api_key"])
async def test_another_process_hears_of_a_change_of_an_application(
    authenticator: Authenticator, database: Database, change: Any
):
    _, key = await add_application(database, permissions=["view_job"])
    before = await authenticator.principal(None, key)
    assert before.permissions == {"view_job"}
    await database.execute(change)
    async with asyncio.timeout(REMEMBERED_SECONDS):
        while await authenticator.principal(None, key) == before:
            await asyncio.sleep(0.01)
