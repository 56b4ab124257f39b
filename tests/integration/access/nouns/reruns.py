"""`/test-executions/reruns`: asked for, claimed, taken back."""

from typing import Any

from tests.integration.access.world import Values, World
from tests.recording import add_execution

PATH = "/api/v1/test-executions/reruns"


async def claimed(world: World, _: Values) -> str:
    execution = await add_execution(world.database)
    await world.admin.post(PATH, json={"test_execution_ids": [execution]})
    await world.admin.post(f"{PATH}/claim", json={"claimed_by": "lab", "limit": 100})
    return str(await world.database.fetch_value("select max(id) from rerun_request"))


async def of_an_execution(world: World, _: Values) -> dict[str, Any]:
    return {"json": {"test_execution_ids": [await add_execution(world.database)]}}


async def claim(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {}}


async def by_the_lab(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"claimed_by": "lab"}}


PATHS = {"/test-executions/reruns/{rerun_id}": claimed}
REQUESTS = {
    "POST /test-executions/reruns": of_an_execution,
    "DELETE /test-executions/reruns": of_an_execution,
    "POST /test-executions/reruns/claim": claim,
    "POST /test-executions/reruns/{rerun_id}/renew": by_the_lab,
    "POST /test-executions/reruns/{rerun_id}/release": by_the_lab,
}
