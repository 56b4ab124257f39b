"""`/users`, `/teams`, `/applications`, and what hangs on them."""

from typing import Any
from uuid import uuid4

from tests import people
from tests.integration.access.world import MakeRequest, Values, World

from touchstone.domains.notifications.repository import NotificationRepository


async def user(world: World, _: Values) -> str:
    return str(await people.add_user(world.database))


async def team(world: World, _: Values) -> str:
    return str(await people.add_team(world.database))


async def application(world: World, _: Values) -> str:
    return str((await people.add_application(world.database))[0])


async def key(world: World, values: Values) -> str:
    keys = await world.admin.get(f"/api/v1/applications/{values['application_id']}/keys")
    return str(keys.json()[0]["id"])


async def rule(world: World, values: Values) -> str:
    answer = await world.admin.post("/api/v1/artefact-matching-rules", **await new_rule(world, values))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def notification(world: World, values: Values) -> str:
    await NotificationRepository(world.database).add([int(values["user_id"])], "USER_ASSIGNED_ARTEFACT_REVIEW")
    listed = await world.admin.get(f"/api/v1/users/{values['user_id']}/notifications")
    return str(listed.json()["notifications"][0]["id"])


async def new_rule(world: World, values: Values) -> dict[str, Any]:
    teams = [int(await team(world, values))]
    return {"json": {"family": "snap", "name": f"core {uuid4().hex[:8]}", "team_ids": teams}}


async def new_team(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"name": f"team {uuid4().hex[:12]}"}}


async def new_application(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"name": f"application {uuid4().hex[:12]}", "permissions": []}}


def always(**fields: Any) -> MakeRequest:
    async def make(_world: World, _values: Values) -> dict[str, Any]:
        return {"json": fields}

    return make


PATHS = {
    "/users/{user_id}": user,
    "/users/{user_id}/notifications/{notification_id}": notification,
    "/teams/{team_id}": team,
    "/teams/{team_id}/members/{user_id}": user,
    "/applications/{application_id}": application,
    "/applications/{application_id}/keys/{key_id}": key,
    "/artefact-matching-rules/{rule_id}": rule,
}
REQUESTS = {
    "PATCH /users/{user_id}": always(is_admin=False),
    "POST /teams": new_team,
    "PATCH /teams/{team_id}": always(),
    "POST /applications": new_application,
    "PATCH /applications/{application_id}": always(permissions=[]),
    "POST /artefact-matching-rules": new_rule,
    "PATCH /artefact-matching-rules/{rule_id}": always(),
}
