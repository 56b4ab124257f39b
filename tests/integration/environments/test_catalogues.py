"""GET /environments, /test-plans and /execution-metadata."""

import httpx
import pytest
from tests.people import as_application
from tests.recording import add_execution

from touchstone.database.executor import Database


@pytest.fixture
async def reader(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    await add_execution(database, environment="laptop_1", plan="smoke")
    await add_execution(database, environment="laptop_1", architecture="arm64", plan="stress")
    await add_execution(database, environment="Laptop-2", plan="smoke", family="deb")
    await add_execution(database, environment="cloud", plan="manual", family="model", source="x")
    return await as_application(client, database, "view_test")


@pytest.mark.parametrize("path", ["environments", "test-plans", "execution-metadata"])
async def test_a_caller_without_permission_is_refused(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/api/v1/{path}")).status_code == 403


async def test_names_of_environments_stand_once_each(reader: httpx.AsyncClient) -> None:
    found = (await reader.get("/api/v1/environments")).json()
    assert sorted(found.pop("environments")) == ["Laptop-2", "cloud", "laptop_1"]
    assert found == {"count": 3, "limit": 50, "offset": 0}


async def test_names_are_looked_for_by_a_part(reader: httpx.AsyncClient) -> None:
    async def names(q: str) -> list[str]:
        return (await reader.get("/api/v1/environments", params={"q": q})).json()["environments"]

    assert sorted(await names("lap")) == ["Laptop-2", "laptop_1"]
    assert await names("p_1") == ["laptop_1"]
    assert await names("p_2") == []
    assert len(await names("")) == 3


async def test_environments_of_families(reader: httpx.AsyncClient) -> None:
    found = (await reader.get("/api/v1/environments", params={"families": ["snap", "model"]})).json()
    assert (found["environments"], found["count"]) == (["cloud", "laptop_1"], 2)


async def test_test_plans_are_paged_in_order(reader: httpx.AsyncClient) -> None:
    found = (await reader.get("/api/v1/test-plans", params={"limit": 1, "offset": 1})).json()
    assert found == {"test_plans": ["smoke"], "count": 3, "limit": 1, "offset": 1}
    found = (await reader.get("/api/v1/test-plans", params={"q": "S", "families": "snap"})).json()
    assert found["test_plans"] == ["smoke", "stress"]


async def test_there_may_be_no_metadata(reader: httpx.AsyncClient) -> None:
    assert (await reader.get("/api/v1/execution-metadata")).json() == {"execution_metadata": {}}
