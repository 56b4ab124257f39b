"""Five people around the things of one of them, all with every permission of the evaluation."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from tests.builders import experiment, inference, workflow
from tests.people import add_team, add_user, as_admin, join, session_of, signed_in

from touchstone.database.executor import Database
from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS


class Cast(msgspec.Struct):
    """`team` is what the owner and his mate are in."""

    owner: httpx.AsyncClient
    mate: httpx.AsyncClient
    stranger: httpx.AsyncClient
    admin: httpx.AsyncClient
    anonymous: httpx.AsyncClient
    team: int
    owner_name: str

    def asked_for(self, visibility: str) -> dict[str, Any]:
        """What a creating body says."""
        return {"visibility": visibility} | ({"team": self.team} if visibility == "team" else {})


class Things(msgspec.Struct):
    """Ids of one thing of each kind; `made` is the dataset that the job made."""

    dataset: str
    experiment: str
    workflow: str
    job: str
    secret: str
    made: str


@pytest.fixture
async def cast(client: httpx.AsyncClient, database: Database) -> AsyncGenerator[Cast]:
    team = await add_team(database, permissions=EVALUATION_PERMISSIONS)
    owner, mate = await add_user(database), await add_user(database)
    for user in (owner, mate):
        await join(database, user, team)
    stranger = await add_user(database, permissions=EVALUATION_PERMISSIONS)
    people = [signed_in(client, await session_of(database, user)) for user in (owner, mate, stranger)]
    yield Cast(*people, await as_admin(client, database), client, team, f"user:{owner}")


Make = Callable[[str], Awaitable[Things]]


@pytest.fixture
def make(cast: Cast, work: Callable[[], Awaitable[int]]) -> Make:
    """One of each that the owner made, its jobs at their end."""

    async def of(visibility: str) -> Things:
        asked, owner = cast.asked_for(visibility), cast.owner
        dataset = await uploaded(owner, asked)
        secret = {"value": "a value", "description": "", **asked}
        assert (await owner.put("/api/v1/settings/secrets/a_key", json=secret)).status_code == 201
        group = await experiment(owner, dataset, name=f"of {visibility}", **asked)
        flow = await created(owner, "workflows", workflow(group))
        job = await created(owner, "jobs/inference", {**inference(dataset, store_to_dataset=True), **asked})
        await work()
        made = (await owner.get(f"/api/v1/jobs/{job}/dataset")).json()["id"]
        return Things(dataset, group, flow, job, "a_key", made)

    return of


async def uploaded(client: httpx.AsyncClient, asked: dict[str, Any]) -> str:
    """The id of a new dataset."""
    fields = {name: str(value) for name, value in asked.items()}
    files = {"dataset": ("d.csv", b"examples,ground_truth\nHello there,Greeting\n")}
    answer = await client.post("/api/v1/datasets/", files=files, data={"format": "job", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def created(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> str:
    answer = await client.post(f"/api/v1/{path}/", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


__all__ = ["Cast", "Make", "Things", "created", "uploaded"]
