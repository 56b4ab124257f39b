from collections.abc import AsyncIterator

import httpx
import pytest
from tests.unit.http.sample_app import create_sample_app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_sample_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://touchstone.test") as client:
        yield client
