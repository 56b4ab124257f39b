"""Four eyes and quorums: who may approve, and how many must."""

from collections.abc import AsyncGenerator

import pytest
from tests.artefacts import add_artefact, add_build, add_review, add_run, reviewed_artefact
from tests.conftest import replaced, serving
from tests.people import add_user, as_application, as_user, session_of, signed_in

ARTEFACTS = "/api/v1/artefacts"
PERMISSIONS = ("view_artefact", "change_artefact", "change_environment_review")
APPROVED = "APPROVED_ALL_TESTS_PASS"


@pytest.fixture
async def strict(settings) -> AsyncGenerator:
    """A service with four eyes, where stable takes three people and beta two."""
    with_rules = replaced(settings, four_eyes=True, approval_quorums=("stable=3", "beta=2"))
    async with serving(with_rules) as client:
        yield client


async def person(client, database):
    """The name that executions know somebody by, and a client of his."""
    user = await add_user(database, permissions=PERMISSIONS)
    return f"user:{user}", signed_in(client, await session_of(database, user))


async def decide(client, artefact, status="APPROVED", **fields):
    return await client.patch(f"{ARTEFACTS}/{artefact}", json={"status": status, **fields})


async def test_without_the_settings_everybody_approves_alone(client, database):
    name, caller = await person(client, database)
    artefact = await add_artefact(database, stage="stable")
    await add_run(database, await add_build(database, artefact), started_by=name)
    answer = await decide(caller, artefact)
    assert (answer.json()["status"], answer.headers.get("touchstone-approvals")) == ("APPROVED", None)


async def test_who_started_an_execution_approves_neither_the_artefact_nor_the_review(strict, database):
    name, caller = await person(strict, database)
    artefact, review = await reviewed_artefact(database, stage="edge")
    build = await database.fetch_value("select id from artefact_build")
    other = await add_review(database, build, "server", [APPROVED])
    await add_run(database, build, started_by=name)
    detail = "You started one of its test executions: somebody else has to approve it"
    path = f"{ARTEFACTS}/{artefact}/environment-reviews"
    for body, where in (
        ([{"id": review, "review_decision": [APPROVED]}], ""),
        ({"review_decision": [APPROVED]}, f"/{review}"),
    ):
        answer = await caller.patch(path + where, json=body)
        assert (answer.status_code, answer.json()["detail"]) == (403, detail)
    assert (await caller.patch(f"{path}/{other}", json={"review_decision": [APPROVED] * 2})).status_code == 200
    assert (await caller.patch(f"{path}/{review}", json={"review_decision": ["REJECTED"]})).status_code == 200
    await database.execute("update environment_review set review_decision = $1", [APPROVED])
    assert (await decide(caller, artefact)).json()["detail"] == detail
    _, another = await person(strict, database)
    assert (await decide(another, artefact)).json()["status"] == "APPROVED"


async def test_executions_on_old_builds_do_not_count(strict, database):
    name, caller = await person(strict, database)
    artefact = await add_artefact(database, stage="edge")
    await add_run(database, await add_build(database, artefact, revision=1), started_by=name)
    await add_build(database, artefact, revision=2)
    assert (await decide(caller, artefact)).status_code == 200


async def test_a_stage_takes_as_many_people_as_its_quorum(strict, database):
    people = [(await person(strict, database))[1] for _ in range(3)]
    artefact = await add_artefact(database, stage="stable")
    seen = []
    for caller in (people[0], people[0], people[1], people[2]):
        answer = await decide(caller, artefact)
        seen.append((answer.json()["status"], answer.headers.get("touchstone-approvals")))
    waiting = [("UNDECIDED", "1/3"), ("UNDECIDED", "1/3"), ("UNDECIDED", "2/3")]
    assert seen == [*waiting, ("APPROVED", None)]
    decisions = (await people[0].get(f"{ARTEFACTS}/{artefact}/decisions")).json()
    assert [item["is_effective"] for item in decisions["items"]] == [True, False, False]
    assert decisions["approvals"] is None


async def test_machines_do_not_count_for_a_quorum(strict, database):
    artefact = await add_artefact(database)
    machine = await as_application(strict, database, *PERMISSIONS)
    answer = await decide(machine, artefact)
    assert (answer.json()["status"], answer.headers["touchstone-approvals"]) == ("UNDECIDED", "0/2")


async def test_what_is_decided_in_between_takes_approvals_back(strict, database):
    first, second = [(await person(strict, database))[1] for _ in range(2)]
    artefact, review = await reviewed_artefact(database, APPROVED)
    path = f"{ARTEFACTS}/{artefact}/environment-reviews/{review}"

    async def approvals():
        return (await first.get(f"{ARTEFACTS}/{artefact}/decisions")).json()["approvals"]

    assert await approvals() == {"given": 0, "needed": 2}
    await decide(first, artefact)
    assert await approvals() == {"given": 1, "needed": 2}
    await second.patch(path, json={"review_decision": ["APPROVED_FAULTY_HARDWARE"]})
    assert await approvals() == {"given": 0, "needed": 2}
    await decide(first, artefact)
    await decide(first, artefact, "UNDECIDED")
    assert await approvals() == {"given": 0, "needed": 2}
    await decide(first, artefact)
    await add_review(database, await add_build(database, artefact, "arm64"), "new", [APPROVED])
    assert await approvals() == {"given": 0, "needed": 2}


async def test_the_stage_that_is_asked_for_says_how_many(strict, database):
    first, second = [(await person(strict, database))[1] for _ in range(2)]
    artefact = await add_artefact(database, stage="edge")
    answer = await decide(first, artefact, stage="beta")
    assert (answer.json()["status"], answer.json()["stage"]) == ("UNDECIDED", "beta")
    assert (await decide(second, artefact)).json()["status"] == "APPROVED"


async def test_approvals_do_not_make_an_edition(strict, database):
    first, second = [(await person(strict, database))[1] for _ in range(2)]
    artefact = await add_artefact(database)
    for caller, tag in ((first, '"1"'), (second, '"2"')):
        answer = await caller.patch(f"{ARTEFACTS}/{artefact}", json={"status": "APPROVED"}, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.headers["etag"]) == (200, tag)


async def test_nobody_approves_unseen(settings, database):
    open_to_all = replaced(settings, four_eyes=True, ignore_permissions=("change_artefact",))
    async with serving(open_to_all) as client:
        answer = await decide(client, await add_artefact(database))
        assert (answer.status_code, answer.json()["detail"].split(":")[0]) == (403, "Sign in to approve it")
        known = await as_user(client, database)
        assert (await decide(known, await add_artefact(database))).status_code == 200
