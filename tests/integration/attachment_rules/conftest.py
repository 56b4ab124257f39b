"""Somebody who may do everything with rules, and a posting of results as runners do it."""

from typing import Any, Protocol

import httpx
import pytest
from tests.people import as_user

from touchstone.database.executor import Database
from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.domains.test_results.model import NewResult
from touchstone.domains.test_results.recording import record
from touchstone.http.caller import SYSTEM

RIGHTS = (
    "view_issue",
    "change_issue",
    "change_auto_rerun",
    "change_issue_attachment",
    "change_issue_attachment_bulk",
    "change_attachment_rule",
    "view_test",
)


@pytest.fixture
async def user(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await as_user(client, database, *RIGHTS)


class Post(Protocol):
    async def __call__(self, execution: int, *results: dict[str, Any]) -> None: ...


@pytest.fixture
def post(database: Database) -> Post:
    """Records results of an execution; what is not said of one is that it failed."""

    async def record_all(execution: int, *results: dict[str, Any]) -> None:
        given = [NewResult(**{"status": TestResultStatus.FAILED, **result}) for result in results]
        async with database.transaction() as transaction:
            await record(transaction, SYSTEM, execution, given)

    return record_all
