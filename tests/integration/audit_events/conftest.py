from collections.abc import AsyncGenerator

import asyncpg
import pytest

from touchstone.assembly import Assembly
from touchstone.domains.audit_events.service import AuditChain
from touchstone.embedded.postgres import EmbeddedPostgres


@pytest.fixture
def chain(parts: Assembly) -> AuditChain:
    return parts.audit_chain()


@pytest.fixture
async def owner(postgres: EmbeddedPostgres) -> AsyncGenerator[asyncpg.Connection]:
    """The role that may do anything to the tables."""
    connection = await asyncpg.connect(postgres.owner_url)
    yield connection
    await connection.close()
