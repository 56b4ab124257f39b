"""The whole service as a process would run it, on a real Postgres and a real Ray, for clients written for others."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from lumigator_sdk.lumigator import LumigatorClient
from tests.compatibility.shared import SHARED, needs_shared

from touchstone.command_line.http_server import free_port
from touchstone.command_line.service import running_service
from touchstone.demo.sample import DIALOGUES
from touchstone.embedded.parts import EmbeddedParts, embedded_parts
from touchstone.embedded.postgres import EmbeddedPostgres
from touchstone.setting_values import Secret
from touchstone.settings import Settings

SAMPLES = [
    pytest.param(DIALOGUES, id="packaged"),
    pytest.param(SHARED / "data" / "summarization" / "dialogsum_exc.csv", id="shared", marks=needs_shared),
]


@pytest.fixture(scope="session")
async def ray(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[EmbeddedParts]:
    async with embedded_parts(tmp_path_factory.mktemp("ray"), postgres=False, ray=True, ray_cpus=2) as parts:
        yield parts


@pytest.fixture(scope="module")
async def host(
    postgres: EmbeddedPostgres,
    empty_tables: Callable[[], Awaitable[None]],
    ray: EmbeddedParts,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[str]:
    """Where API and worker run: host and port."""
    await empty_tables()
    settings = Settings(
        port=free_port(),
        database_url=Secret(postgres.service_url),
        database_owner_url=Secret(postgres.owner_url),
        data_dir=tmp_path_factory.mktemp("objects"),
        ray_url=ray.ray_url,
        ray_token=Secret(ray.ray_token or ""),
        secret_keys=(Secret(Fernet.generate_key().decode()),),
        url_signing_keys=(Secret("a signing key for the tests only"),),
        log_level="error",
    )
    async with running_service(settings):
        yield f"{settings.host}:{settings.port}"


@pytest.fixture(scope="module")
async def sdk(host: str) -> LumigatorClient:
    """Waits for jobs at our own Ray-shaped route; Ray itself stays private. It blocks, so call it in a thread."""
    return await asyncio.to_thread(LumigatorClient, host, ray_host=host)


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Path:
    return request.param
