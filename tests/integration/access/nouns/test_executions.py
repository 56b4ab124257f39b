"""`/test-executions`: they start, are told of, changed and ended."""

from typing import Any

from tests.integration.access.world import Values, World
from tests.recording import add_execution


async def execution(world: World, _: Values) -> str:
    return str(await add_execution(world.database))


async def link(world: World, values: Values) -> str:
    added = await world.admin.post(f"/api/v1/test-executions/{values['id']}/links", json=LINK)
    return str(added.json()["id"])


async def start(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": START}


async def end(world: World, _: Values) -> dict[str, Any]:
    made = await add_execution(world.database)
    ci_link = f"http://ci.example.test/{made}"
    await world.database.execute("update test_execution set ci_link = $1 where id = $2", ci_link, made)
    return {"json": {"ci_link": ci_link, "test_results": []}}


async def change(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"status": "COMPLETED"}}


async def new_link(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": LINK}


async def events(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"events": []}}


LINK = {"label": "log", "url": "http://log.example.test"}
START = {
    "family": "charm",
    "name": "postgresql",
    "version": "14",
    "revision": 3,
    "track": "latest",
    "execution_stage": "beta",
    "arch": "amd64",
    "environment": "laptop",
    "test_plan": "smoke",
}

PATHS = {"/test-executions/{id}": execution, "/test-executions/{id}/links/{link_id}": link}
REQUESTS = {
    "PUT /test-executions/start-test": start,
    "PUT /test-executions/end-test": end,
    "PATCH /test-executions/{id}": change,
    "POST /test-executions/{id}/links": new_link,
    "PUT /test-executions/{id}/status_update": events,
    "POST /test-executions/{id}/status_update": events,
}
