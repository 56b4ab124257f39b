"""To whom things belong when they are made, and who goes along when somebody says who sees them."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.builders import experiment, inference, workflow
from tests.integration.visibility.conftest import Cast, Make, created, uploaded
from tests.people import add_team, as_application

from touchstone.database.executor import Database
from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS

JOB = "jobs/inference"


async def whose(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/{path}/visibility")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def say(client: httpx.AsyncClient, path: str, **change: Any) -> httpx.Response:
    return await client.patch(f"/api/v1/{path}/visibility", json=change)


def with_secret(dataset: str, name: str) -> dict[str, Any]:
    return inference(dataset, provider="openai", secret_key_name=name, base_url="https://api.openai.com/v1")


async def test_what_somebody_unknown_makes_is_nobodys_and_for_everyone(cast: Cast):
    dataset = await uploaded(cast.anonymous, {})
    job = await created(cast.anonymous, JOB, inference(dataset))
    for path in (f"datasets/{dataset}", f"jobs/{job}"):
        assert await whose(cast.stranger, path) == {"owner": None, "team": None, "visibility": "everyone"}


async def test_somebody_unknown_keeps_nothing_to_himself(cast: Cast):
    body = {"name": "mine", "dataset": await uploaded(cast.anonymous, {}), "visibility": "private"}
    answer = await cast.anonymous.post("/api/v1/experiments", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "visibility"]


async def test_what_an_application_makes_belongs_to_it(client: httpx.AsyncClient, cast: Cast, database: Database):
    machine = await as_application(client, database, *EVALUATION_PERMISSIONS)
    dataset = await uploaded(machine, {"visibility": "private"})
    assert (await whose(machine, f"datasets/{dataset}"))["owner"].startswith("application:")
    assert (await cast.stranger.get(f"/api/v1/datasets/{dataset}")).status_code == 404


async def test_without_a_word_things_are_for_whom_their_dataset_is(cast: Cast):
    dataset = await uploaded(cast.owner, cast.asked_for("team"))
    group = await experiment(cast.mate, dataset)
    job = await created(cast.mate, JOB, inference(dataset))
    for path in (f"experiments/{group}", f"jobs/{job}"):
        belonging = await whose(cast.owner, path)
        assert (belonging["team"], belonging["visibility"]) == (cast.team, "team")
        assert belonging["owner"] != cast.owner_name


async def test_children_are_for_whom_their_parents_are(
    cast: Cast, work: Callable[[], Awaitable[int]], database: Database
):
    group = await experiment(cast.owner, await uploaded(cast.owner, {}), **cast.asked_for("team"))
    flow = await created(cast.mate, "workflows", workflow(group))
    await work()
    jobs = (await cast.mate.get(f"/api/v1/workflows/{flow}")).json()["jobs"]
    made = (await cast.mate.get(f"/api/v1/jobs/{jobs[1]['id']}/dataset")).json()["id"]
    found = [await whose(cast.mate, path) for path in (f"workflows/{flow}", *(f"jobs/{job['id']}" for job in jobs))]
    found.append(await whose(cast.mate, f"datasets/{made}"))
    assert {(one["team"], one["visibility"]) for one in found} == {(cast.team, "team")}
    assert len({one["owner"] for one in found}) == 1 and found[0]["owner"] != cast.owner_name


async def test_what_an_administrator_does_in_a_private_experiment_is_its_owners(cast: Cast):
    group = await experiment(cast.owner, await uploaded(cast.owner, {}), **cast.asked_for("private"))
    flow = await created(cast.admin, "workflows", workflow(group))
    assert await whose(cast.owner, f"workflows/{flow}") == {
        "owner": cast.owner_name,
        "team": None,
        "visibility": "private",
    }


@pytest.mark.parametrize("visibility", ["private", "team"])
async def test_nobody_uses_a_dataset_or_an_experiment_that_he_may_not_see(cast: Cast, make: Make, visibility: str):
    things = await make(visibility)
    bodies = {
        "experiments": {"name": "theirs", "dataset": things.dataset},
        JOB: inference(things.dataset),
        "workflows": workflow(things.experiment),
    }
    statuses = {
        path: (await cast.stranger.post(f"/api/v1/{path}", json=body)).status_code for path, body in bodies.items()
    }
    assert statuses == {"experiments": 404, JOB: 404, "workflows": 400}
    refused = await cast.stranger.post("/api/v1/workflows", json=workflow(things.experiment))
    assert refused.json()["detail"] == "Cannot create workflow 'a workflow': No experiment found."


@pytest.mark.parametrize("visibility", ["private", "team"])
async def test_nobody_uses_a_secret_that_he_may_not_see(cast: Cast, make: Make, visibility: str):
    await make(visibility)
    dataset = await uploaded(cast.stranger, {})
    answer = await cast.stranger.post(f"/api/v1/{JOB}", json=with_secret(dataset, "a_key"))
    assert (answer.status_code, "is not configured" in answer.text) == (400, True)
    group = await experiment(cast.stranger, dataset)
    body = workflow(group, provider="openai", model="m", secret_key_name="a_key")
    assert (await cast.stranger.post("/api/v1/workflows", json=body)).status_code == 400


async def test_a_public_experiment_on_a_private_dataset_lets_nobody_at_the_dataset(cast: Cast):
    dataset = await uploaded(cast.owner, {"visibility": "private"})
    group = await experiment(cast.owner, dataset, visibility="everyone")
    assert (await cast.stranger.get(f"/api/v1/experiments/{group}")).status_code == 200
    answer = await cast.stranger.post("/api/v1/workflows", json=workflow(group))
    assert answer.status_code == 404


async def test_a_running_job_gets_a_secret_only_while_its_owner_sees_it(cast: Cast, parts, database: Database):
    secret = {"value": "a value", "description": "", "allowed_hosts": ["api.openai.com"], "visibility": "team"}
    await cast.owner.put("/api/v1/settings/secrets/shared", json={**secret, "team": cast.team})
    dataset = await uploaded(cast.mate, {})
    job = await created(cast.mate, JOB, with_secret(dataset, "shared"))
    ticket = {"Authorization": f"Bearer {parts.vault.ticket(f'{job}/1')}"}
    path = f"/api/v1/jobs/{job}/attempts/1/secret"
    assert (await cast.anonymous.post(path, headers=ticket)).json() == {"value": "a value"}
    assert (await say(cast.owner, "settings/secrets/shared", visibility="private")).status_code == 200
    assert (await cast.anonymous.post(path, headers=ticket)).status_code == 403
    await database.execute("update app_user set is_admin = true where 'user:' || id = (select owner from job)")
    assert (await cast.anonymous.post(path, headers=ticket)).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [{"visibility": "team"}, {"visibility": "everyone", "team": 1}, {"visibility": "private", "team": 1}, {"team": -1}],
)
async def test_a_team_goes_with_its_visibility_and_is_ones_own(cast: Cast, asked: dict[str, Any]):
    body = {"name": "e", "dataset": await uploaded(cast.owner, {}), **asked}
    answer = await cast.owner.post("/api/v1/experiments", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "team"]


async def test_a_thing_is_given_to_a_team_that_its_owner_is_in_and_to_no_other(cast: Cast, database: Database):
    dataset = await uploaded(cast.owner, {})
    others = await add_team(database)
    assert (await say(cast.owner, f"datasets/{dataset}", visibility="team", team=others)).status_code == 422
    assert (await say(cast.admin, f"datasets/{dataset}", visibility="team", team=others)).status_code == 200
    for path in (f"datasets/{dataset}", f"experiments/{await experiment(cast.owner, dataset)}"):
        assert (await say(cast.admin, path, visibility="team", team=2_000_000_000)).status_code == 422
    answer = await say(cast.owner, f"datasets/{dataset}", visibility="team", team=cast.team)
    assert answer.json() == {"owner": cast.owner_name, "team": cast.team, "visibility": "team"}


async def test_a_team_alone_means_for_that_team(cast: Cast):
    dataset = await uploaded(cast.owner, {"team": cast.team})
    assert (await whose(cast.mate, f"datasets/{dataset}"))["visibility"] == "team"


async def test_what_a_team_saw_is_its_owners_when_the_team_is_deleted(cast: Cast, database: Database):
    dataset = await uploaded(cast.owner, cast.asked_for("team"))
    await database.execute("delete from team where id = $1", cast.team)
    found = await database.fetch_value("select owner from dataset where team_id is null and visibility = 'team'")
    assert (found, dataset is not None) == (cast.owner_name, True)


async def test_what_its_owner_made_in_an_experiment_goes_along_with_it(cast: Cast, work):
    dataset = await uploaded(cast.owner, {})
    group = await experiment(cast.owner, dataset)
    own, foreign = [await created(one, "workflows", workflow(group)) for one in (cast.owner, cast.stranger)]
    await work()
    jobs = (await cast.owner.get(f"/api/v1/workflows/{own}")).json()["jobs"]
    made = (await cast.owner.get(f"/api/v1/jobs/{jobs[1]['id']}/dataset")).json()["id"]
    assert (await say(cast.owner, f"experiments/{group}", visibility="private")).status_code == 200
    for path in (f"workflows/{own}", f"datasets/{made}", *(f"jobs/{job['id']}" for job in jobs)):
        assert (await whose(cast.owner, path))["visibility"] == "private"
        assert (await cast.stranger.get(f"/api/v1/{path}")).status_code == 404
    assert (await whose(cast.stranger, f"workflows/{foreign}"))["visibility"] == "everyone"
    assert (await whose(cast.stranger, f"datasets/{dataset}"))["visibility"] == "everyone"


async def test_workflows_that_one_may_not_see_are_missing_in_their_experiment(cast: Cast):
    group = await experiment(cast.owner, await uploaded(cast.owner, {}))
    flow = await created(cast.owner, "workflows", workflow(group))
    assert (await say(cast.owner, f"workflows/{flow}", visibility="private")).status_code == 200
    assert (await cast.stranger.get(f"/api/v1/experiments/{group}")).json()["workflows"] == []
    assert (await cast.stranger.get("/api/v1/experiments")).json()["items"][0]["workflows"] == []
    assert (await cast.stranger.get(f"/api/v1/experiments/{group}/compare")).json()["workflows"] == []
    assert len((await cast.owner.get(f"/api/v1/experiments/{group}")).json()["workflows"]) == 1


async def test_an_experiment_with_workflows_that_one_may_not_see_is_not_deleted(cast: Cast):
    group = await experiment(cast.owner, await uploaded(cast.owner, {}))
    flow = await created(cast.owner, "workflows", workflow(group))
    await say(cast.owner, f"workflows/{flow}", visibility="private")
    refused = await cast.stranger.delete(f"/api/v1/experiments/{group}")
    assert (refused.status_code, refused.json()["code"]) == (403, "experiment_shared")
    assert (await cast.owner.delete(f"/api/v1/experiments/{group}")).status_code == 200


async def test_a_job_of_a_workflow_is_for_whom_the_workflow_is(cast: Cast, make: Make):
    things = await make("everyone")
    job = (await cast.owner.get(f"/api/v1/workflows/{things.workflow}")).json()["jobs"][0]["id"]
    refused = await say(cast.owner, f"jobs/{job}", visibility="private")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_of_workflow")


async def test_who_uses_a_dataset_is_named_to_whom_may_see_it(cast: Cast):
    dataset = await uploaded(cast.owner, {})
    job = await created(cast.owner, JOB, {**inference(dataset), "visibility": "private"})
    told = (await cast.owner.delete(f"/api/v1/datasets/{dataset}")).json()["detail"]
    hidden = (await cast.stranger.delete(f"/api/v1/datasets/{dataset}")).json()["detail"]
    assert (job in told, job in hidden, "work of somebody else" in hidden) == (True, False, True)


async def test_saying_who_sees_a_thing_is_recorded(cast: Cast, database: Database):
    dataset = await uploaded(cast.owner, {})
    await say(cast.owner, f"datasets/{dataset}", visibility="private")
    recorded = await database.fetch_value(
        "select before ->> 'visibility' || ' ' || (after ->> 'visibility') from audit_event where subject = $1"
        " and action = 'change_dataset_visibility'",
        f"dataset:{dataset}",
    )
    assert recorded == "everyone private"
