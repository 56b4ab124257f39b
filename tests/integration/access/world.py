"""What the operations of the API need to be called for real: things to name in paths, and valid bodies."""

from collections.abc import Awaitable, Callable
from typing import Any, LiteralString
from uuid import uuid4

import httpx
from tests import people
from tests.builders import experiment, inference, upload, workflow

from touchstone.database.executor import Database
from touchstone.domains.notifications.repository import NotificationRepository

Work = Callable[[], Awaitable[int]]


class World:
    """Everything is made by an admin, and anew each time it is asked for."""

    def __init__(self, admin: httpx.AsyncClient, database: Database, work: Work) -> None:
        self.admin = admin
        self.database = database
        self.work = work

    async def path_values(self, operation: str, names: list[str]) -> dict[str, str]:
        values: dict[str, str] = {}
        for name in names:
            if name not in values:
                values |= await getattr(self, f"make_{name}")(operation, values)
        return values

    async def make_dataset_id(self, *_: Any) -> dict[str, str]:
        return {"dataset_id": await upload(self.admin)}

    async def make_job_id(self, operation: str, *_: Any) -> dict[str, str]:
        body = inference(await upload(self.admin), store_to_dataset=True)
        job = (await self.admin.post("/api/v1/jobs/inference/", json=body)).json()["id"]
        await self.work()
        return {"job_id": job}

    async def make_submission_id(self, operation: str, *_: Any) -> dict[str, str]:
        return {"submission_id": (await self.make_job_id(operation))["job_id"]}

    async def make_experiment_id(self, *_: Any) -> dict[str, str]:
        return {"experiment_id": await experiment(self.admin, await upload(self.admin))}

    async def make_workflow_id(self, *_: Any) -> dict[str, str]:
        body = workflow((await self.make_experiment_id())["experiment_id"])
        made = (await self.admin.post("/api/v1/workflows/", json=body)).json()["id"]
        await self.work()
        return {"workflow_id": made}

    async def make_secret_name(self, *_: Any) -> dict[str, str]:
        name = f"secret_{uuid4().hex[:8]}"
        answer = await self.admin.put(f"/api/v1/settings/secrets/{name}", json={"value": "x", "description": ""})
        assert answer.status_code == 201, answer.text
        return {"secret_name": name}

    async def make_user_id(self, *_: Any) -> dict[str, str]:
        return {"user_id": str(await people.add_user(self.database))}

    async def make_team_id(self, *_: Any) -> dict[str, str]:
        return {"team_id": str(await people.add_team(self.database))}

    async def make_application_id(self, *_: Any) -> dict[str, str]:
        return {"application_id": str((await people.add_application(self.database))[0])}

    async def make_key_id(self, _: str, values: dict[str, str]) -> dict[str, str]:
        keys = await self.admin.get(f"/api/v1/applications/{values['application_id']}/keys")
        return {"key_id": str(keys.json()[0]["id"])}

    async def make_rule_id(self, *_: Any) -> dict[str, str]:
        answer = await self.admin.post("/api/v1/artefact-matching-rules", json=await self.rule())
        assert answer.status_code == 201, answer.text
        return {"rule_id": str(answer.json()["id"])}

    async def make_notification_id(self, _: str, values: dict[str, str]) -> dict[str, str]:
        user = int(values["user_id"])
        await NotificationRepository(self.database).add([user], "USER_ASSIGNED_ARTEFACT_REVIEW")
        listed = await self.admin.get(f"/api/v1/users/{user}/notifications")
        return {"notification_id": str(listed.json()["notifications"][0]["id"])}

    async def make_webhook_id(self, *_: Any) -> dict[str, str]:
        answer = await self.admin.post("/api/v1/webhooks", json=WEBHOOK)
        assert answer.status_code == 201, answer.text
        return {"webhook_id": str(answer.json()["webhook"]["id"])}

    async def make_delivery_id(self, _: str, values: dict[str, str]) -> dict[str, str]:
        answer = await self.admin.post(f"/api/v1/webhooks/{values['webhook_id']}/ping")
        assert answer.status_code == 201, answer.text
        return {"delivery_id": str(answer.json()["id"])}

    async def give_away(self, values: dict[str, str], client: httpx.AsyncClient) -> None:
        """Makes the caller the owner of what the path names: only owners say who sees a thing."""
        answers = {noun: await client.get(f"/api/v1/{noun}s/me") for noun in ("user", "application")}
        found = {noun: answer.json() for noun, answer in answers.items() if answer.status_code == 200}
        owner = next((f"{noun}:{me['id']}" for noun, me in found.items() if me), None)
        for name, value in values.items():
            await self.database.execute(OWN[name], owner, value)

    async def rule(self) -> dict[str, Any]:
        team = (await self.make_team_id())["team_id"]
        return {"family": "snap", "name": f"core {uuid4().hex[:8]}", "team_ids": [int(team)]}

    async def body(self, operation: str) -> dict[str, Any]:
        """The rest of a valid request, as httpx takes it; empty for an operation that needs none."""
        if operation.startswith("upload_dataset"):
            return {"files": {"dataset": ("d.csv", b"examples\na\n")}, "data": {"format": "job"}}
        for prefix, make in self._bodies().items():
            if operation.startswith(prefix):
                return {"json": await make()}
        return {}

    def _bodies(self) -> dict[str, Callable[[], Awaitable[dict[str, Any]]]]:
        async def new_job() -> dict[str, Any]:
            return inference(await upload(self.admin))

        async def new_evaluation() -> dict[str, Any]:
            return {"name": "e", "dataset": await upload(self.admin), "job_config": {"metrics": ["rouge"]}}

        async def new_annotation() -> dict[str, Any]:
            return {"name": "a", "dataset": await upload(self.admin), "job_config": {}}

        async def new_experiment() -> dict[str, Any]:
            return {"name": "e", "dataset": await upload(self.admin)}

        async def new_workflow() -> dict[str, Any]:
            return workflow((await self.make_experiment_id())["experiment_id"])

        async def always(**fields: Any) -> dict[str, Any]:
            return fields

        unique = uuid4().hex[:12]
        return {
            "create_inference_job": new_job,
            "create_annotation_job": new_annotation,
            "create_evaluation_job": new_evaluation,
            "create_experiment": new_experiment,
            "create_workflow": new_workflow,
            "upload_secret": lambda: always(value="x", description=""),
            "create_team": lambda: always(name=f"team {unique}"),
            "update_team": lambda: always(),
            "update_user": lambda: always(is_admin=False),
            "create_application": lambda: always(name=f"application {unique}", permissions=[]),
            "update_application": lambda: always(permissions=[]),
            "create_artefact_matching_rule": self.rule,
            "update_artefact_matching_rule": lambda: always(),
            "create_webhook": lambda: always(**WEBHOOK),
            "rotate_webhook_secret": lambda: always(),
            "change_webhook": lambda: always(description="another"),
            "change_dataset_visibility": lambda: always(visibility="everyone"),
            "change_experiment_visibility": lambda: always(visibility="everyone"),
            "change_workflow_visibility": lambda: always(visibility="everyone"),
            "change_job_visibility": lambda: always(visibility="everyone"),
            "change_secret_visibility": lambda: always(visibility="everyone"),
        }


WEBHOOK = {"url": "https://hooks.example.test/in", "events": ["job.*"]}
OWN: dict[str, LiteralString] = {
    "dataset_id": "update dataset set owner = $1 where id = $2::text::uuid",
    "experiment_id": "update experiment set owner = $1 where id = $2::text::bigint",
    "workflow_id": "update workflow set owner = $1 where id = $2::text::uuid",
    "job_id": "update job set owner = $1 where id = $2::text::uuid",
    "secret_name": "update secret set owner = $1 where name = $2",
}
