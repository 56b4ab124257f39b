"""`/settings/secrets`."""

from typing import Any
from uuid import uuid4

from tests.integration.access.world import Values, World


async def secret(world: World, values: Values) -> str:
    name = f"secret_{uuid4().hex[:8]}"
    answer = await world.admin.put(f"/api/v1/settings/secrets/{name}", **await new_secret(world, values))
    assert answer.status_code == 201, answer.text
    return name


async def new_secret(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"value": "x", "description": ""}}


PATHS = {"/settings/secrets/{secret_name}": secret}
REQUESTS = {"PUT /settings/secrets/{secret_name}": new_secret}
