"""Teams: what they may do, their members, who may change that."""

import asyncio

import pytest
from tests.people import add_team, add_user, as_admin, as_user, join, session_of, signed_in

TEAMS = "/api/v1/teams"
EXTENSIONS = {"Accept-Extensions": "touchstone"}
OWN = "You are a member of this team: only an administrator can change its rights"


async def create(client, name="reviewers", **fields):
    return await client.post(TEAMS, json={"name": name, **fields})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("GET", ""),
        ("GET", "/1"),
        ("PATCH", "/1"),
        ("POST", "/1/members/1"),
        ("DELETE", "/1/members/1"),
        ("PATCH", "/x"),
    ],
)
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, method, path):
    anonymous = await client.request(method, TEAMS + path, json={"permissions": ["fly"]})
    user = await (await as_user(client, database, "view_user")).request(method, TEAMS + path)
    assert (anonymous.status_code, user.status_code) == (403, 403)
    assert anonymous.json()["detail"] == "Insufficient permissions"


async def test_a_new_team_answers_what_was_asked(client, database):
    admin = await as_admin(client, database)
    answer = await create(admin, permissions=["change_test", "view_test"], joined_by_claims=["saml:qa"])
    created = answer.json()
    assert answer.status_code == 201
    assert created | {"id": 0} == {
        "id": 0,
        "name": "reviewers",
        "permissions": ["change_test", "view_test"],
        "members": [],
        "artefact_matching_rules": [],
        "joined_by_claims": ["saml:qa"],
    }
    assert (await admin.get(f"{TEAMS}/{created['id']}")).json() == created
    assert (await admin.get("/v1/teams")).json() == [created]


async def test_a_name_is_taken_once(client, database):
    admin = await as_admin(client, database)
    answers = await asyncio.gather(*(create(admin) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["detail"] == "Team with name 'reviewers' already exists"


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        ({}, ["body", "name"], "missing"),
        ({"name": "a" * 201}, ["body", "name"], "string_too_long"),
        ({"name": "a\0"}, ["body", "name"], "value_error"),
        ({"name": "a", "permissions": ["fly"]}, ["body", "permissions", 0], "enum"),
        (
            {"name": "a", "artefact_matching_rules": [{"family": "fish"}]},
            ["body", "artefact_matching_rules", 0, "family"],
            "enum",
        ),
    ],
)
async def test_what_cannot_be_is_a_validation_error(client, database, body, place, kind):
    answer = await (await as_admin(client, database)).post(TEAMS, json=body)
    assert answer.status_code == 422
    assert (answer.json()["detail"][0]["loc"], answer.json()["detail"][0]["type"]) == (place, kind)


async def test_an_empty_name_of_old_is_taken(client, database):
    assert (await create(await as_admin(client, database), name="")).status_code == 201


async def test_unknown_teams_and_users_are_told_in_the_words_of_the_contract(client, database):
    admin, team = await as_admin(client, database), await add_team(database)
    answers = [
        await admin.get(f"{TEAMS}/4711"),
        await admin.patch(f"{TEAMS}/4711", json={}),
        await admin.post(f"{TEAMS}/4711/members/4712"),
        await admin.delete(f"{TEAMS}/4711/members/4712"),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["detail"]) == (404, "Team 4711 doesn't exist")
    for method in ("POST", "DELETE"):
        answer = await admin.request(method, f"{TEAMS}/{team}/members/4712")
        assert (answer.status_code, answer.json()["detail"]) == (404, "User 4712 doesn't exist")


async def test_permissions_are_replaced_and_what_is_null_stays(client, database):
    admin = await as_admin(client, database)
    team = (await create(admin, permissions=["view_test"])).json()
    path = f"{TEAMS}/{team['id']}"
    body = {"permissions": ["change_test"], "name": "renamed"}
    changed = (await admin.patch(path, json=body)).json()
    assert (changed["permissions"], changed["name"]) == (["change_test"], "reviewers")
    assert (await admin.patch(path, json={"permissions": None, "artefact_matching_rules": None})).json() == changed
    assert (await admin.patch(path, json={"permissions": []})).json()["permissions"] == []
    actions = await database.fetch_value("select array_agg(action order by id) from audit_event")
    assert actions == ["create_team", "update_team", "update_team"]


async def test_members_come_and_go_and_again_is_no_error(client, database):
    admin, team = await as_admin(client, database), await add_team(database, permissions=["view_user"])
    person = await add_user(database, "ada@example.test", name="Ada")
    himself = signed_in(client, await session_of(database, person))
    assert (await himself.get("/api/v1/users")).status_code == 403
    path = f"{TEAMS}/{team}/members/{person}"
    for _ in range(2):
        added = await admin.post(path)
        assert (added.status_code, [one["name"] for one in added.json()["members"]]) == (200, ["Ada"])
    assert added.json()["members"][0] == {
        "id": person,
        "launchpad_handle": None,
        "email": "ada@example.test",
        "name": "Ada",
        "is_admin": False,
    }
    assert (await himself.get("/api/v1/users")).status_code == 200
    for _ in range(2):
        removed = await admin.delete(path)
        assert (removed.status_code, removed.json()["members"]) == (200, [])
    assert (await himself.get("/api/v1/users")).status_code == 403
    actions = await database.fetch_value("select array_agg(action order by id) from audit_event")
    assert actions == ["add_team_member", "remove_team_member"]


async def test_one_of_many_who_add_the_same_member_does(client, database):
    admin, team, person = await as_admin(client, database), await add_team(database), await add_user(database)
    answers = await asyncio.gather(*(admin.post(f"{TEAMS}/{team}/members/{person}") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert await database.fetch_value("select count(*) from team_member") == 1
    assert await database.fetch_value("select count(*) from audit_event") == 1


async def test_nobody_gives_a_team_what_he_does_not_hold(client, database):
    climber = await as_user(client, database, "change_team", "view_team")
    team = await add_team(database, permissions=["view_test"])
    rule = {"family": "snap", "grant_permissions": ["change_artefact"]}
    attempts = {
        "change_user": [
            await create(climber, permissions=["view_team", "change_user"]),
            await climber.patch(f"{TEAMS}/{team}", json={"permissions": ["view_test", "change_user"]}),
        ],
        "change_artefact": [
            await create(climber, artefact_matching_rules=[rule]),
            await climber.patch(f"{TEAMS}/{team}", json={"artefact_matching_rules": [rule]}),
        ],
    }
    for word, answers in attempts.items():
        for refused in answers:
            assert refused.status_code == 403
            assert refused.json()["detail"] == f"You cannot give what you do not hold: {word}"
    assert await database.fetch_value("select count(*) from artefact_matching_rule") == 0
    assert (await create(climber, permissions=["view_team"])).status_code == 201
    kept = await climber.patch(f"{TEAMS}/{team}", json={"permissions": ["view_test", "view_team"]})
    assert kept.status_code == 200


async def test_nobody_lets_himself_or_others_into_a_team_that_may_more_than_he(client, database):
    person = await add_user(database, permissions=["change_team"])
    climber = signed_in(client, await session_of(database, person))
    admin = await as_admin(client, database)
    strong = await add_team(database, permissions=["change_user"])
    granting = (
        await create(admin, artefact_matching_rules=[{"family": "deb", "grant_permissions": ["change_rerun"]}])
    ).json()
    for team, word in ((strong, "change_user"), (granting["id"], "change_rerun")):
        for attempt in (
            await climber.post(f"{TEAMS}/{team}/members/{person}"),
            await climber.patch(f"{TEAMS}/{team}", json={"joined_by_claims": ["oidc:me"]}),
        ):
            assert attempt.status_code == 403
            assert attempt.json()["detail"] == f"You cannot give what you do not hold: {word}"
    colleague, equal = await add_user(database), await add_team(database, permissions=["change_team"])
    assert (await climber.post(f"{TEAMS}/{equal}/members/{colleague}")).status_code == 200


async def test_a_member_lets_others_into_his_own_team(client, database):
    team = await add_team(database, permissions=["change_team", "change_user"])
    person, colleague = await add_user(database), await add_user(database)
    await join(database, person, team)
    member = signed_in(client, await session_of(database, person))
    assert (await member.post(f"{TEAMS}/{team}/members/{colleague}")).status_code == 200


async def test_a_member_does_not_change_the_rights_of_his_own_team(client, database):
    team = await add_team(database, permissions=["change_team", "change_artefact"])
    person = await add_user(database, permissions=["view_test"])
    await join(database, person, team)
    member, admin = signed_in(client, await session_of(database, person)), await as_admin(client, database)
    granting = {"family": "snap", "grant_permissions": ["change_artefact"]}
    path = f"{TEAMS}/{team}"

    async def refused(**body):
        answer = await member.patch(path, json=body)
        return (answer.status_code, answer.json().get("detail")) == (403, OWN)

    assert await refused(permissions=["change_team", "change_artefact", "view_test"])
    assert await refused(permissions=["change_team"])
    assert await refused(artefact_matching_rules=[granting])
    assert (await admin.patch(path, json={"artefact_matching_rules": [granting]})).status_code == 200
    assert await refused(artefact_matching_rules=[])
    same = {"permissions": ["change_team", "change_artefact"], "artefact_matching_rules": [granting]}
    assert (await member.patch(path, json=same)).status_code == 200
    plain = {"artefact_matching_rules": [granting, {"family": "deb"}]}
    assert len((await member.patch(path, json=plain)).json()["artefact_matching_rules"]) == 2


async def test_an_administrator_changes_his_own_team(client, database):
    person, team = await add_user(database, is_admin=True), await add_team(database)
    await join(database, person, team)
    admin = signed_in(client, await session_of(database, person))
    assert (await admin.patch(f"{TEAMS}/{team}", json={"permissions": ["view_test"]})).status_code == 200


async def test_words_of_ours_are_shown_to_who_asks_for_them_or_names_one(client, database):
    admin = await as_admin(client, database)
    rules = [
        {"family": "model", "grant_permissions": ["change_artefact"]},
        {"family": "snap", "grant_permissions": ["change_artefact", "change_gate"]},
    ]
    created = (await create(admin, permissions=["view_job", "view_test"], artefact_matching_rules=rules)).json()
    path = f"{TEAMS}/{created['id']}"

    def words(team):
        given = [(rule["family"], rule["grant_permissions"]) for rule in team["artefact_matching_rules"]]
        return team["permissions"], given

    everything = (
        ["view_job", "view_test"],
        [("model", ["change_artefact"]), ("snap", ["change_artefact", "change_gate"])],
    )
    known = (["view_test"], [("snap", ["change_artefact"])])
    assert words(created) == everything
    assert words((await admin.get(path, headers=EXTENSIONS)).json()) == everything
    assert words((await admin.get(path)).json()) == words((await admin.get(TEAMS)).json()[0]) == known
    body = {"permissions": ["change_test"], "artefact_matching_rules": [{"family": "deb"}]}
    assert words((await admin.patch(path, json=body)).json()) == (["change_test"], [("deb", [])])
    kept = words((await admin.get(path, headers=EXTENSIONS)).json())
    assert kept == (["change_test", "view_job"], [("model", ["change_artefact"]), ("deb", [])])
    await admin.patch(path, json={"permissions": [], "artefact_matching_rules": []})
    assert words((await admin.get(path, headers=EXTENSIONS)).json()) == ([], [])
