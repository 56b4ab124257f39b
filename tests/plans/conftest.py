"""A database with many rows, filled once; what a test does to it is taken back."""

import uuid
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import pytest
from tests.plans.measuring import Recorder

from touchstone.database.executor import Database
from touchstone.database.migrate import migrate
from touchstone.embedded.postgres import EmbeddedPostgres
from touchstone.embedded.roles import SERVICE

SEEDS = sorted(Path(__file__).parent.glob("*.sql"))


@pytest.fixture(scope="session")
async def crowded(postgres: EmbeddedPostgres) -> AsyncGenerator[Database]:
    """As the owner, who may analyze."""
    name = f"crowded_{uuid.uuid4().hex}"
    await postgres.create_database(name)
    await migrate(postgres.owner_url_of(name), service_role=SERVICE)
    connection = await asyncpg.connect(postgres.owner_url_of(name))
    for seed in SEEDS:
        await connection.execute(seed.read_text("utf-8"))
    await connection.execute("vacuum analyze")
    await connection.close()
    database = Database(postgres.owner_url_of(name), size=2)
    await database.open()
    yield database
    await database.close()
    await postgres.drop_database(name)


class TakenBack(Exception):
    """Ends the transaction of a test."""


@pytest.fixture
async def recorder(crowded: Database) -> AsyncGenerator[Recorder]:
    try:
        async with crowded.transaction() as transaction:
            yield Recorder(transaction)
            raise TakenBack
    except TakenBack:
        pass
