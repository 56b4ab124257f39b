"""Clients that record, and what they send."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from tests.people import as_application

from touchstone.database.executor import Database

START = "/api/v1/test-executions/start-test"


@pytest.fixture
async def recorder(client: httpx.AsyncClient, database: Database) -> AsyncGenerator[httpx.AsyncClient]:
    """An application that records tests."""
    async with await as_application(client, database, "view_test", "change_test") as speaking:
        yield speaking


def snap(**fields: Any) -> dict[str, Any]:
    basis = {
        "family": "snap",
        "name": "core",
        "version": "1",
        "revision": 3,
        "track": "latest",
        "store": "ubuntu",
        "execution_stage": "beta",
        "arch": "amd64",
        "environment": "laptop",
        "test_plan": "smoke",
    }
    return {**basis, **fields}


def image(**fields: Any) -> dict[str, Any]:
    basis = {
        "family": "image",
        "name": "noble",
        "version": "20261122",
        "sha256": "ab" * 32,
        "os": "ubuntu",
        "release": "noble",
        "owner": "cdimage",
        "image_url": "http://cdimage.example.test/noble.iso",
        "execution_stage": "pending",
        "arch": "amd64",
        "environment": "laptop",
        "test_plan": "smoke",
    }
    return {**basis, **fields}


async def started(client: httpx.AsyncClient, body: dict[str, Any]) -> int:
    """The id of the execution."""
    answer = await client.put(START, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


async def count(database: Database, table: str) -> int:
    return await database.fetch_value(f"select count(*) from {table}")
