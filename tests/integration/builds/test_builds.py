"""Builds of an artefact, with their executions."""

import pytest
from tests.artefacts import add_artefact, add_build, add_run
from tests.people import as_user


@pytest.fixture
async def reader(client, database):
    return await as_user(client, database, "view_artefact")


async def test_a_caller_without_permission_is_refused(client, database):
    stranger = await as_user(client, database, "view_test")
    for caller in (client, stranger):
        assert (await caller.get("/api/v1/artefacts/x/builds")).status_code == 403


async def test_the_latest_builds_come_with_their_executions_by_environment(reader, database):
    artefact = await add_artefact(database)
    old = await add_build(database, artefact, "amd64", 1)
    new = await add_build(database, artefact, "amd64", 2)
    without_revision = await add_build(database, artefact, "arm64", None)
    await add_run(database, old)
    runs = [await add_run(database, new, name, plan) for name, plan in (("b", "p"), ("a", "q"), ("b", "o"))]
    found = (await reader.get(f"/api/v1/artefacts/{artefact}/builds")).json()
    assert [(build["id"], build["revision"]) for build in found] == [(new, 2), (without_revision, None)]
    assert [run["id"] for run in found[0]["test_executions"]] == [runs[1], runs[0], runs[2]]
    assert found[1] == {
        "id": without_revision,
        "architecture": "arm64",
        "revision": None,
        "test_executions": [],
        "bundled_in": [],
    }
    run = found[0]["test_executions"][0]
    assert (run["environment"]["name"], run["test_plan"], run["is_triaged"], run["rerun_priority"]) == (
        "a",
        "q",
        True,
        None,
    )


async def test_a_build_says_what_brings_it_along(reader, database):
    artefact = await add_artefact(database)
    build = await add_build(database, artefact)
    bundles = [
        await add_artefact(database, "solution", name="suite", version="1"),
        await add_artefact(database, "model", name="m", version="1"),
    ]
    for bundle in bundles:
        await database.execute("insert into artefact_bundled_build values ($1, $2, 1)", bundle, build)

    async def bundled_in(**headers):
        return (await reader.get(f"/api/v1/artefacts/{artefact}/builds", headers=headers)).json()[0]["bundled_in"]

    suite = {"id": bundles[0], "name": "suite", "version": "1", "family": "solution"}
    assert await bundled_in() == [suite]
    assert len(await bundled_in(**{"Accept-Extensions": "touchstone"})) == 2


async def test_an_artefact_without_builds_has_none(reader, database):
    answer = await reader.get(f"/api/v1/artefacts/{await add_artefact(database)}/builds")
    assert answer.json() == []
