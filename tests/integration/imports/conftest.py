"""A Test Observer's database, as the contract describes its tables."""

import uuid
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import pytest

from touchstone.embedded.postgres import EmbeddedPostgres

HERE = Path(__file__).parent


@pytest.fixture
async def source_url(postgres: EmbeddedPostgres) -> AsyncGenerator[str]:
    """With something of everything in it."""
    name = f"test_observer_{uuid.uuid4().hex}"
    await postgres.create_database(name, template="template0")
    url = postgres.owner_url_of(name)
    connection = await asyncpg.connect(url)
    for script in "test_observer.sql", "recorded.sql":
        await connection.execute((HERE / script).read_text())
    await connection.close()
    yield url
    await postgres.drop_database(name)


@pytest.fixture
async def old(source_url: str) -> AsyncGenerator["asyncpg.Connection"]:
    connection = await asyncpg.connect(source_url)
    yield connection
    await connection.close()
