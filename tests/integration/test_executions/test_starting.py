"""PUT /test-executions/start-test."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.integration.test_executions.conftest import START, count, image, snap, started

from touchstone.database.executor import Database

FAMILIES: dict[str, dict[str, Any]] = {
    "snap": snap(),
    "charm": {**snap(), "family": "charm"},
    "deb": {**snap(), "family": "deb", "series": "noble", "repo": "main", "execution_stage": "proposed"},
    "image": image(),
    "solution": {**snap(), "family": "solution", "source": "git"},
    "model": {**snap(), "family": "model", "source": "hugging-face"},
}
MADE = ("artefact", "artefact_build", "environment", "environment_review", "test_plan", "test_execution")


async def test_a_caller_without_permission_is_refused(client: httpx.AsyncClient, database: Database) -> None:
    answer = await client.put(START, json=snap())
    assert (answer.status_code, answer.json()["detail"]) == (403, "Insufficient permissions")
    assert await count(database, "artefact") == 0


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_start_makes_all_that_is_missing_and_the_next_finds_it(
    recorder: httpx.AsyncClient, database: Database, family: str
) -> None:
    first = await started(recorder, FAMILIES[family])
    assert [await count(database, table) for table in MADE] == [1] * len(MADE)
    second = await started(recorder, FAMILIES[family])
    assert second != first
    assert [await count(database, table) for table in MADE] == [1, 1, 1, 1, 1, 2]


async def test_sixty_four_at_once_make_one_of_everything_and_get_the_same_answer(
    recorder: httpx.AsyncClient, database: Database
) -> None:
    body = snap(ci_link="http://ci.example.test/7", relevant_links=[{"label": "log", "url": "http://log.example.test"}])
    answers = await asyncio.gather(*(recorder.put(START, json=body) for _ in range(64)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert [await count(database, table) for table in MADE] == [1] * len(MADE)
    assert await count(database, "test_execution_relevant_link") == 1
    assert await count(database, "outbox where event = 'execution.started'") == 1


async def test_tests_of_different_things_that_start_at_once_with_one_ci_link_leave_nothing_behind(
    recorder: httpx.AsyncClient, database: Database
) -> None:
    bodies = [snap(ci_link="http://ci.example.test/7", version=str(n), environment=f"e{n}") for n in range(1, 17)]
    answers = await asyncio.gather(*(recorder.put(START, json=body) for body in bodies))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(answer.json().get("conflict", False) for answer in answers) == [False] + [True] * 15
    assert [await count(database, table) for table in MADE] == [1] * len(MADE)


async def test_a_ci_link_of_something_else_answers_the_old_execution_and_makes_nothing(
    recorder: httpx.AsyncClient, database: Database
) -> None:
    first = await started(recorder, snap(ci_link="http://ci.example.test/7"))
    other = snap(ci_link="http://ci.example.test/7", version="2", environment="desk", test_plan="stress")
    answer = await recorder.put(START, json=other)
    assert answer.json() == {"id": first, "conflict": True}
    assert [await count(database, table) for table in MADE] == [1] * len(MADE)


@pytest.mark.parametrize("spelling", ["http://CI.example.test:80", "http://ci.example.test/", "HTTP://ci.example.test"])
async def test_spellings_of_a_ci_link_mean_one_execution(recorder: httpx.AsyncClient, spelling: str) -> None:
    first = await started(recorder, snap(ci_link="http://ci.example.test"))
    assert await started(recorder, snap(ci_link=spelling)) == first


async def test_a_ci_link_that_is_no_url_is_kept_as_it_is(recorder: httpx.AsyncClient, database: Database) -> None:
    execution = await started(recorder, snap(ci_link="not a url"))
    assert await started(recorder, snap(ci_link="not a url")) == execution
    assert await started(recorder, snap(ci_link="Not a url")) != execution
    stored = await database.fetch_value("select ci_link from test_execution where id = $1", execution)
    assert stored == "not a url"


async def test_the_stage_is_that_of_the_first_start(recorder: httpx.AsyncClient, database: Database) -> None:
    await started(recorder, snap())
    await started(recorder, snap(execution_stage="stable"))
    assert await database.fetch_value("select array_agg(stage) from artefact") == ["beta"]


async def test_a_snap_of_another_store_is_another_artefact(recorder: httpx.AsyncClient, database: Database) -> None:
    await started(recorder, snap())
    await started(recorder, snap(store="brand"))
    assert await count(database, "artefact") == 2


async def test_a_solution_whose_bundle_was_filled_is_found_again(
    recorder: httpx.AsyncClient, database: Database
) -> None:
    await started(recorder, FAMILIES["solution"])
    await database.execute("update artefact set bundle_digest = 'of some builds'")
    await started(recorder, FAMILIES["solution"])
    assert await count(database, "artefact") == 1


async def test_relevant_links_are_not_doubled(recorder: httpx.AsyncClient, database: Database) -> None:
    links = [{"label": "log", "url": "http://log.example.test"}, {"label": "log", "url": "http://LOG.example.test/"}]
    body = snap(ci_link="http://ci.example.test/7", relevant_links=links)
    await started(recorder, body)
    await started(recorder, {**body, "relevant_links": [*links, {"label": "map", "url": "http://log.example.test"}]})
    assert await database.fetch_value(
        "select array_agg(array[label, url] order by id) from test_execution_relevant_link"
    ) == [["log", "http://log.example.test/"], ["map", "http://log.example.test/"]]


async def test_a_start_answers_the_rerun_that_was_asked_for(recorder: httpx.AsyncClient, database: Database) -> None:
    await started(recorder, snap())
    await started(recorder, snap(environment="desk"))
    await database.execute(
        """
        insert into rerun_request (test_plan_id, artefact_build_id, environment_id)
        select test_plan_id, artefact_build_id, environment_id from test_execution
        """
    )
    await started(recorder, snap())
    left = "select array_agg(name) from rerun_request join environment on environment.id = environment_id"
    assert await database.fetch_value(left) == ["desk"]


async def test_it_is_known_who_started_it(recorder: httpx.AsyncClient, database: Database) -> None:
    await started(recorder, snap())
    assert await database.fetch_value("select started_by from test_execution") == await database.fetch_value(
        "select 'application:' || id from application"
    )


async def test_an_unknown_image_needs_all_its_details(recorder: httpx.AsyncClient, database: Database) -> None:
    answer = await recorder.put(START, json={key: value for key, value in image().items() if key != "owner"})
    assert answer.status_code == 422
    expected = "No image with this sha256 exists yet; provide the full image details to create it."
    assert answer.json()["detail"] == expected
    assert await count(database, "environment") == 0


async def test_a_known_image_needs_nothing_but_its_digest(recorder: httpx.AsyncClient, database: Database) -> None:
    await started(recorder, image())
    bare = {"family": "image", "sha256": "ab" * 32, "environment": "laptop", "test_plan": "smoke"}
    await started(recorder, bare)
    assert [await count(database, table) for table in MADE] == [1, 1, 1, 1, 1, 2]
    answer = await recorder.put(START, json={**bare, "arch": "arm64"})
    assert answer.json()["detail"] == "'arch' must match the existing image build architecture."
    await database.execute("insert into artefact_build (artefact_id, architecture) select id, 'riscv64' from artefact")
    answer = await recorder.put(START, json=bare)
    assert answer.json()["detail"] == "'arch' is required and could not be derived from the image's builds."


async def test_texts_that_are_too_long_are_refused_with_a_sentence(recorder: httpx.AsyncClient) -> None:
    answer = await recorder.put(START, json=snap(name="n" * 201))
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "snap", "name"])
    answer = await recorder.put(START, json=snap(version="é" * 2000))
    assert answer.status_code == 422
    answer = await recorder.put(START, json=snap(ci_link="é" * 2000))
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "ci_link"])
