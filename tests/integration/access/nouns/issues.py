"""`/issues` and what hangs on them, and the reported issues of environments and test cases."""

from typing import Any
from uuid import uuid4

from tests import recording
from tests.integration.access.world import MakePath, Values, World


async def issue(world: World, _: Values) -> str:
    return str(await recording.add_issue(world.database, uuid4().hex))


async def rule(world: World, values: Values) -> str:
    return str(await recording.add_rule(world.database, int(values["issue_id"])))


def at(path: str) -> MakePath:
    async def reported(world: World, values: Values) -> str:
        answer = await world.admin.post(f"/api/v1{path}", **await REQUESTS[f"POST {path}"](world, values))
        return str(answer.json()["id"])

    return reported


async def new_issue(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"url": f"https://github.com/a/{uuid4().hex}/issues/1"}}


async def changed_issue(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"title": "Broken", "auto_rerun_enabled": True}, "params": {"auto_rerun_enabled": True}}


async def results(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"test_results_filters": {"artefacts": ["core"]}}}


async def new_rule(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"test_case_names": ["boots"], "comment_pattern": "panic"}}


async def changed_rule(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"enabled": False}}


async def of_environment(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"environment_name": "laptop", "description": "No lid", "is_confirmed": False}}


async def of_test_case(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": {"case_name": "boots", "description": "Slow", "url": "https://github.com/a/b/issues/1"}}


REQUESTS = {
    "PUT /issues": new_issue,
    "PATCH /issues/{issue_id}": changed_issue,
    "POST /issues/{issue_id}/attach": results,
    "POST /issues/{issue_id}/detach": results,
    "POST /issues/{issue_id}/attachment-rules": new_rule,
    "PATCH /issues/{issue_id}/attachment-rules/{attachment_rule_id}": changed_rule,
    "POST /environments/reported-issues": of_environment,
    "PUT /environments/reported-issues/{issue_id}": of_environment,
    "POST /test-cases/reported-issues": of_test_case,
    "PUT /test-cases/reported-issues/{issue_id}": of_test_case,
}
PATHS = {
    "/issues/{issue_id}": issue,
    "/issues/{issue_id}/attachment-rules/{attachment_rule_id}": rule,
    "/environments/reported-issues/{issue_id}": at("/environments/reported-issues"),
    "/test-cases/reported-issues/{issue_id}": at("/test-cases/reported-issues"),
}
