"""`…/visibility`: only owners say who sees a thing, so each caller is made the owner first."""

from typing import Any, LiteralString

import httpx
from tests.integration.access.world import Prepare, Values, World

OWN: dict[str, LiteralString] = {
    "/datasets/{dataset_id}": "update dataset set owner = $1 where id = $2::text::uuid",
    "/experiments/{experiment_id}": "update experiment set owner = $1 where id = $2::text::bigint",
    "/workflows/{workflow_id}": "update workflow set owner = $1 where id = $2::text::uuid",
    "/jobs/{job_id}": "update job set owner = $1 where id = $2::text::uuid",
    "/settings/secrets/{secret_name}": "update secret set owner = $1 where name = $2",
}


def given_away(statement: LiteralString) -> Prepare:
    async def give_away(world: World, values: Values, client: httpx.AsyncClient) -> None:
        answers = {noun: await client.get(f"/api/v1/{noun}s/me") for noun in ("user", "application")}
        found = {noun: answer.json() for noun, answer in answers.items() if answer.is_success}
        owner = next((f"{noun}:{me['id']}" for noun, me in found.items() if me), None)
        await world.database.execute(statement, owner, *values.values())

    return give_away


async def for_everyone(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"visibility": "everyone"}}


REQUESTS = {f"PATCH {path}/visibility": for_everyone for path in OWN}
PREPARED = {f"{method} {path}/visibility": given_away(OWN[path]) for path in OWN for method in ("GET", "PATCH")}
