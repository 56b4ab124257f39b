"""`/experiments` and `/workflows`; each workflow that a path names has ended."""

from typing import Any

from tests.builders import experiment, upload, workflow
from tests.integration.access.world import Values, World


async def some_experiment(world: World, _: Values) -> str:
    return await experiment(world.admin, await upload(world.admin))


async def ended_workflow(world: World, values: Values) -> str:
    made = (await world.admin.post("/api/v1/workflows/", **await new_workflow(world, values))).json()["id"]
    await world.work()
    return made


async def new_experiment(world: World, _: Values) -> dict[str, Any]:
    return {"json": {"name": "e", "dataset": await upload(world.admin)}}


async def new_workflow(world: World, values: Values) -> dict[str, Any]:
    return {"json": workflow(await some_experiment(world, values))}


PATHS = {"/experiments/{experiment_id}": some_experiment, "/workflows/{workflow_id}": ended_workflow}
REQUESTS = {"POST /experiments": new_experiment, "POST /workflows": new_workflow}
