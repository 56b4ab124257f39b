"""`/webhooks`. Whoever is told of jobs must be allowed to see them."""

from typing import Any

from tests.integration.access.world import Values, World


async def webhook(world: World, values: Values) -> str:
    answer = await world.admin.post("/api/v1/webhooks", **await new_webhook(world, values))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["webhook"]["id"])


async def delivery(world: World, values: Values) -> str:
    answer = await world.admin.post(f"/api/v1/webhooks/{values['webhook_id']}/ping")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def new_webhook(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"url": "https://hooks.example.test/in", "events": ["job.*"]}}


async def change(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"description": "another"}}


async def rotation(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {}}


PATHS = {"/webhooks/{webhook_id}": webhook, "/webhooks/{webhook_id}/deliveries/{delivery_id}": delivery}
REQUESTS = {
    "POST /webhooks": new_webhook,
    "PATCH /webhooks/{webhook_id}": change,
    "POST /webhooks/{webhook_id}/secret/rotate": rotation,
}
NEEDED = {"POST /webhooks": ["view_job"]}
