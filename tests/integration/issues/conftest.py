"""Somebody who may do everything with issues, and an execution with results."""

import httpx
import pytest
from tests.people import as_user
from tests.recording import add_execution

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


@pytest.fixture
async def execution(database: Database) -> int:
    """Of three results: boots and audio failed, video passed."""
    execution = await add_execution(database)
    outcomes = {"boots": "FAILED", "audio": "FAILED", "video": "PASSED"}
    results = [NewResult(name=name, status=TestResultStatus(status)) for name, status in outcomes.items()]
    async with database.transaction() as transaction:
        await record(transaction, SYSTEM, execution, results)
    return execution
