"""`/artefacts`, and what hangs on them."""

from typing import Any

from tests.artefacts import add_artefact, add_build, add_review
from tests.integration.access.world import Values, World


async def artefact(world: World, _: Values) -> str:
    return str(await add_artefact(world.database))


async def review(world: World, values: Values) -> str:
    build = await add_build(world.database, int(values["artefact_id"]))
    return str(await add_review(world.database, build))


async def change(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"comment": "seen"}}


async def decision(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"review_comment": "seen"}}


async def decisions(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": []}


async def name(_world: World, _values: Values) -> dict[str, Any]:
    return {"params": {"name": "core", "family": "snap"}}


PATHS = {
    "/artefacts/{artefact_id}": artefact,
    "/artefacts/{artefact_id}/environment-reviews/{review_id}": review,
}
REQUESTS = {
    "GET /artefacts/history": name,
    "PATCH /artefacts/{artefact_id}": change,
    "PATCH /artefacts/{artefact_id}/environment-reviews": decisions,
    "PATCH /artefacts/{artefact_id}/environment-reviews/{review_id}": decision,
}
