"""`/datasets`."""

from typing import Any

from tests.builders import upload
from tests.integration.access.world import Values, World


async def dataset(world: World, _: Values) -> str:
    return await upload(world.admin)


async def new_dataset(_world: World, _values: Values) -> dict[str, Any]:
    return {"files": {"dataset": ("d.csv", b"examples\na\n")}, "data": {"format": "job"}}


PATHS = {"/datasets/{dataset_id}": dataset}
REQUESTS = {"POST /datasets": new_dataset}
