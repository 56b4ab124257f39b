"""A service with something in it, and another place to restore it to."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from tests.builders import experiment, inference, upload, workflow
from tests.conftest import replaced
from tests.people import add_application, add_user, session_of

from touchstone.assembly import Assembly
from touchstone.embedded.postgres import EmbeddedPostgres
from touchstone.setting_values import Secret
from touchstone.settings import Settings


@pytest.fixture
async def lived_in(client: httpx.AsyncClient, parts: Assembly, work: Callable[[], Awaitable[int]]) -> Settings:
    """Settings of a service with rows in many tables and objects beside them."""
    dataset = await upload(client)
    await client.post("/api/v1/jobs/inference/", json=inference(dataset, store_to_dataset=True))
    await client.post("/api/v1/workflows/", json=workflow(await experiment(client, dataset)))
    await client.put("/api/v1/settings/secrets/provider", json={"value": "sk-very-secret", "description": "ü"})
    await work()
    await session_of(parts.database, await add_user(parts.database, name="O'Hara \\ ünïcode"))
    await add_application(parts.database, permissions=["view_job"])
    await parts.audit_chain().turn()
    return parts.settings


@pytest.fixture
async def elsewhere(settings: Settings, postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncGenerator[Settings]:
    """The same settings with a database without any table, and an empty folder of objects."""
    name = f"restored_{uuid.uuid4().hex}"
    await postgres.create_database(name, template="template0")
    yield replaced(
        settings,
        database_url=Secret(postgres.service_url_of(name)),
        database_owner_url=Secret(postgres.owner_url_of(name)),
        store_dir=tmp_path / "restored objects",
    )
    await postgres.drop_database(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"
