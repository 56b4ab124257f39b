"""Artefacts changed: the rules of each field, in the order of the contract, and who is told."""

import asyncio

import pytest
from tests.artefacts import add_artefact, add_build, add_review, reviewed_artefact
from tests.people import add_team, add_user, as_application, as_user, join, session_of, signed_in

ARTEFACTS = "/api/v1/artefacts"
APPROVED, REJECTED = "APPROVED_ALL_TESTS_PASS", "REJECTED"


@pytest.fixture
async def editor(client, database):
    return await as_user(client, database, "change_artefact")


async def change(client, artefact, **fields):
    return await client.patch(f"{ARTEFACTS}/{artefact}", json=fields)


def refused(answer, status, detail):
    return (answer.status_code, answer.json()["detail"]) == (status, detail)


async def test_what_is_not_there_comes_before_what_is_wrong_and_that_before_who_asks(client, database):
    artefact = await add_artefact(database)
    stranger = await as_user(client, database, "view_artefact")
    for caller in (client, stranger):
        assert refused(await change(caller, 4711, status="sideways"), 404, "Artefact with id 4711 not found")
        assert (await change(caller, "x")).status_code == 422
        assert (await change(caller, artefact, status="sideways")).status_code == 422
        assert refused(await change(caller, artefact, stage="proposed"), 403, "Insufficient permissions")
    malformed = await client.patch(f"{ARTEFACTS}/4711", content=b"{", headers={"content-type": "application/json"})
    assert malformed.json()["detail"][0]["type"] == "json_invalid"


async def test_a_rule_lets_the_users_of_its_team_change_what_it_matches(client, database):
    artefact, other = await add_artefact(database, owner="me"), await add_artefact(database, name="else", owner="me")
    team, user = await add_team(database), await add_user(database)
    await join(database, user, team)
    member = signed_in(client, await session_of(database, user))
    rule = await database.fetch_value(
        """
        insert into artefact_matching_rule (family, name, owner, grant_permissions)
        values ('snap', 'core', 'me', '{change_rerun}') returning id
        """
    )
    await database.execute("insert into artefact_matching_rule_team (rule_id, team_id) values ($1, $2)", rule, team)
    assert (await change(member, artefact, comment="hello")).status_code == 403
    await database.execute("update artefact_matching_rule set grant_permissions = '{change_artefact}'")
    assert (await change(member, artefact, comment="hello")).status_code == 200
    assert (await change(member, other, comment="hello")).status_code == 403
    assert (await change(await as_application(client, database), artefact, comment="hello")).status_code == 403


async def test_approval_takes_that_every_environment_of_the_latest_builds_is(editor, database):
    artefact, review = await reviewed_artefact(database)
    await add_review(database, await add_build(database, artefact, revision=0), "old", [REJECTED])
    for decision in ([], [REJECTED]):
        await database.execute("update environment_review set review_decision = $2 where id = $1", review, decision)
        answer = await change(editor, artefact, status="APPROVED")
        assert refused(answer, 400, "All test executions need to be approved")
    await database.execute("update environment_review set review_decision = $2 where id = $1", review, [APPROVED])
    assert (await change(editor, artefact, status="APPROVED")).json()["status"] == "APPROVED"
    assert (await change(editor, await add_artefact(database), status="APPROVED")).status_code == 200


async def test_failure_takes_a_rejection_and_a_comment(editor, database):
    artefact, _ = await reviewed_artefact(database, APPROVED)
    answer = await change(editor, artefact, status="MARKED_AS_FAILED", comment="bad")
    assert refused(answer, 400, "At least one test execution needs to be rejected")
    artefact, _ = await reviewed_artefact(database, REJECTED)
    answer = await change(editor, artefact, status="MARKED_AS_FAILED")
    assert refused(answer, 400, "Can't reject an artefact without a comment")
    answer = await change(editor, artefact, status="MARKED_AS_FAILED", comment="bad")
    assert (answer.json()["status"], answer.json()["comment"]) == ("MARKED_AS_FAILED", "bad")
    assert (await change(editor, artefact, status="UNDECIDED")).json()["status"] == "UNDECIDED"
    assert (await change(editor, artefact, status="MARKED_AS_FAILED")).status_code == 200


@pytest.mark.parametrize(
    ("family", "stage", "is_valid"),
    [
        ("snap", "candidate", True),
        ("snap", "proposed", False),
        ("deb", "updates", True),
        ("deb", "edge", False),
        ("image", "current", True),
        ("image", "stable", False),
        ("charm", "pending", False),
        ("solution", "pending", True),
    ],
)
async def test_a_stage_is_one_of_the_family(editor, database, family, stage, is_valid):
    answer = await change(editor, await add_artefact(database, family), stage=stage)
    if is_valid:
        assert answer.json()["stage"] == stage
    else:
        assert refused(answer, 400, f"Stage {stage} is invalid for artefact family {family}")


async def test_one_error_and_nothing_is_changed(editor, database):
    artefact = await add_artefact(database)
    answer = await change(editor, artefact, archived=True, comment="new", reviewer_ids=[4711])
    assert refused(answer, 422, "User with id 4711 not found")
    row = "select array[is_archived::text, comment, edition::text] from artefact"
    assert await database.fetch_value(row) == ["false", "", "1"]


async def test_null_leaves_what_it_does_not_clear(editor, database):
    artefact = await add_artefact(database, comment="kept", jira_issue="PROJ-1")
    user = await add_user(database)
    build = await add_build(database, await add_artefact(database))
    await change(editor, artefact, reviewer_ids=[user], bundled_builds=[build])
    kept = await change(editor, artefact, status=None, archived=None, stage=None, comment=None)
    assert (kept.json()["comment"], kept.json()["jira_issue"], kept.json()["assignee"]["id"]) == (
        "kept",
        "PROJ-1",
        user,
    )
    assert kept.headers["etag"] == '"2"'
    cleared = (await change(editor, artefact, jira_issue=None, reviewer_ids=None, bundled_builds=None)).json()
    assert [cleared[name] for name in ("jira_issue", "reviewers", "bundled_builds", "assignee")] == [None, [], [], None]


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"reviewer_ids": [], "reviewer_emails": None}, "Cannot specify both reviewer_ids and reviewer_emails"),
        ({"assignee_id": 1, "assignee_email": "a"}, "Cannot specify both reviewer_ids and reviewer_emails"),
        ({"reviewer_ids": [1, 1]}, "Duplicate user ids are not allowed in reviewer_ids"),
        ({"reviewer_emails": ["a@x", "a@x"]}, "Duplicate user emails are not allowed in reviewer_emails"),
        ({"reviewer_ids": [4711, 4712]}, "User with id 4711 not found"),
        ({"reviewer_emails": ["nobody@example.test"]}, "User with email 'nobody@example.test' not found"),
        ({"assignee_id": 4711}, "User with id 4711 not found"),
        ({"assignee_email": "nobody@example.test"}, "User with email 'nobody@example.test' not found"),
        ({"bundled_builds": [1, 1]}, "Duplicate build ids are not allowed in bundled_builds"),
        ({"bundled_builds": [4711]}, "ArtefactBuild with id 4711 not found"),
    ],
)
async def test_reviewers_and_builds_that_cannot_be_are_refused(editor, database, fields, detail):
    assert refused(await change(editor, await add_artefact(database), **fields), 422, detail)


async def test_reviewers_stand_in_the_order_in_which_they_are_given(editor, database):
    artefact = await add_artefact(database)
    ada, bob, eve = [await add_user(database, f"{name}@example.test") for name in ("ada", "bob", "eve")]

    async def reviewers(**fields):
        answer = (await change(editor, artefact, **fields)).json()
        assert answer["assignee"] == (answer["reviewers"] or [None])[0]
        return [reviewer["id"] for reviewer in answer["reviewers"]]

    assert await reviewers(reviewer_ids=[bob, ada]) == [bob, ada]
    assert await reviewers(reviewer_emails=["ADA@example.test", "eve@example.test"]) == [ada, eve]
    assert await reviewers(reviewer_ids=[eve, ada]) == [eve, ada]
    assert await reviewers(assignee_id=bob) == [bob]
    assert await reviewers(assignee_email="eve@example.test") == [eve]
    assert await reviewers(assignee_id=None) == []
    assert await reviewers(reviewer_ids=[bob], assignee_email="eve@example.test") == [bob]


async def test_only_new_reviewers_are_told(editor, database):
    artefact = await add_artefact(database)
    ada, bob = await add_user(database), await add_user(database)
    await change(editor, artefact, reviewer_ids=[ada])
    await change(editor, artefact, reviewer_ids=[bob, ada])
    await change(editor, artefact, reviewer_ids=[ada, bob])
    told = await database.fetch_value(
        "select json_agg(json_build_array(user_id, notification_type, target_url) order by id) from notification"
    )
    url = f"http://localhost:30001/snaps/{artefact}"
    assert told == [[user, "USER_ASSIGNED_ARTEFACT_REVIEW", url] for user in (ada, bob)]
    events = await database.fetch_value(
        "select json_agg(payload order by id) from outbox where event = 'review.assigned'"
    )
    assert events == [{"artefact_id": artefact, "user_ids": [user]} for user in (ada, bob)]


async def test_any_family_bundles_builds_and_only_of_solutions_are_they_part_of_what_it_is(editor, database):
    builds = [await add_build(database, await add_artefact(database)) for _ in range(2)]
    snap = (await change(editor, await add_artefact(database), bundled_builds=builds[::-1])).json()
    assert [build["id"] for build in snap["bundled_builds"]] == builds[::-1]
    same = {"version": "1", "source": "s", "name": "suite"}
    first = await add_artefact(database, "solution", **same)
    assert (await change(editor, first, bundled_builds=builds)).status_code == 200
    second = await add_artefact(database, "solution", **same)
    again = await change(editor, second, bundled_builds=builds[::-1])
    assert again.status_code == 409
    assert again.json()["detail"].startswith("Another solution with the same name")
    assert (await change(editor, second, bundled_builds=builds[:1])).status_code == 200
    third = await add_artefact(database, "solution", **same, stage="edge")
    await change(editor, third, bundled_builds=builds)
    assert (await change(editor, third, stage="beta")).status_code == 409


async def test_a_change_is_noted_with_what_it_changed_and_nothing_else(editor, database):
    artefact = await add_artefact(database, comment="old")
    await change(editor, artefact, comment="new", archived=False)
    await change(editor, artefact, comment="new")
    noted = await database.fetch_value(
        "select json_agg(json_build_array(action, subject, before, after)) from audit_event"
    )
    assert noted == [["patch_artefact", f"artefact:{artefact}", {"comment": "old"}, {"comment": "new"}]]


async def test_an_old_edition_is_not_written_over(editor, database):
    artefact = await add_artefact(database)
    path = f"{ARTEFACTS}/{artefact}"

    async def comment(text, **headers):
        return await editor.patch(path, json={"comment": text}, headers=headers)

    first = await comment("a", **{"If-Match": '"1"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    late = await comment("b", **{"If-Match": '"1"'})
    assert refused(late, 412, "It was changed since you read it; read it again")
    assert (await comment("c", **{"If-Match": '"1", W/"2"'})).headers["etag"] == '"3"'
    assert (await comment("d", **{"If-Match": "*"})).status_code == 200
    assert (await comment("e")).headers["etag"] == '"5"'
    assert (await comment("e", **{"If-Match": '"1"'})).status_code == 412


async def test_of_many_who_read_the_same_edition_one_writes(editor, database):
    path = f"{ARTEFACTS}/{await add_artefact(database)}"
    answers = await asyncio.gather(
        *(editor.patch(path, json={"comment": str(n)}, headers={"If-Match": '"1"'}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
