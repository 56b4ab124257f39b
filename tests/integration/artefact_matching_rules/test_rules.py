"""Artefact matching rules: made, read, changed, deleted; and what of that climbs."""

import asyncio

import pytest
from tests.people import add_team, add_user, as_admin, as_application, as_user, join, session_of, signed_in

RULES = "/api/v1/artefact-matching-rules"
EXTENSIONS = {"Accept-Extensions": "touchstone"}
OWN = "You are a member of this team: only an administrator can change its rights"


@pytest.fixture
async def admin(client, database):
    return await as_admin(client, database)


@pytest.fixture
async def team(database):
    return await add_team(database, "reviewers")


async def create(client, *teams, family="snap", **fields):
    return await client.post(RULES, json={"family": family, "team_ids": list(teams), **fields})


def refused(answer, status, detail):
    return (answer.status_code, answer.json()["detail"]) == (status, detail)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("GET", ""),
        ("GET", "/1"),
        ("PATCH", "/1"),
        ("DELETE", "/1"),
        ("PATCH", "/x"),
        ("GET", "?family=fish"),
    ],
)
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, method, path):
    anonymous = await client.request(method, RULES + path, json={"family": "fish"})
    user = await (await as_user(client, database, "view_user")).request(method, RULES + path)
    assert (anonymous.status_code, user.status_code) == (403, 403)
    assert anonymous.json()["detail"] == "Insufficient permissions"


async def test_a_new_rule_answers_what_was_asked_and_null_for_what_is_empty(admin, team):
    answer = await create(admin, team, name="core", stage="", grant_permissions=["change_artefact", "change_rerun"])
    created = answer.json()
    assert answer.status_code == 201
    unset = dict.fromkeys(("stage", "track", "branch", "store", "series", "os", "release", "owner"))
    assert created | {"id": 0} == {
        "id": 0,
        "family": "snap",
        "name": "core",
        **unset,
        "teams": [{"id": team, "name": "reviewers"}],
        "grant_permissions": ["change_artefact", "change_rerun"],
    }
    assert (await admin.get(f"/v1/artefact-matching-rules/{created['id']}")).json() == created


async def test_stages_and_tracks_are_any_words(admin, team):
    assert (await create(admin, team, stage="tomorrow", track="1/x")).json()["stage"] == "tomorrow"


async def test_a_rule_needs_teams_that_exist(admin, team):
    none = await create(admin)
    unknown = await create(admin, team, 4711, 4712)
    assert refused(none, 400, "At least one team is required to create a matching rule")
    assert refused(unknown, 404, "Team 4711 doesn't exist")


async def test_a_rule_exists_once(admin, team, database):
    answers = await asyncio.gather(*(create(admin, team, name="core") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert loser.json()["detail"] == "Artefact matching rule with these values already exists"
    assert refused(await create(admin, team, team), 409, "Artefact matching rule with these values already exists")
    assert await database.fetch_value("select count(*) from artefact_matching_rule") == 1


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        ({"team_ids": [1]}, ["body", "family"], "missing"),
        ({"family": "snap"}, ["body", "team_ids"], "missing"),
        ({"family": "fish", "team_ids": [1]}, ["body", "family"], "enum"),
        ({"family": "snap", "team_ids": [2**31]}, ["body", "team_ids", 0], "less_than_equal"),
        ({"family": "snap", "team_ids": [1], "owner": "o" * 201}, ["body", "owner"], "string_too_long"),
        ({"family": "snap", "team_ids": [1], "os": "a\0"}, ["body", "os"], "value_error"),
        ({"family": "snap", "team_ids": [1], "grant_permissions": ["fly"]}, ["body", "grant_permissions", 0], "enum"),
    ],
)
async def test_what_cannot_be_is_a_validation_error(admin, body, place, kind):
    answer = await admin.post(RULES, json=body)
    assert answer.status_code == 422
    assert (answer.json()["detail"][0]["loc"], answer.json()["detail"][0]["type"]) == (place, kind)


async def test_texts_that_do_not_fit_together_are_a_validation_error(admin, team):
    names = ("name", "stage", "track", "branch", "store", "series", "os", "release", "owner")
    created = await create(admin, team, **dict.fromkeys(names, "漢" * 200))
    rule = (await create(admin, team)).json()["id"]
    changed = await admin.patch(f"{RULES}/{rule}", json=dict.fromkeys(names, "漢" * 200))
    for answer in (created, changed):
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body"])


async def test_rules_are_listed_and_filtered_by_family(admin, team):
    for family in ("snap", "deb", "charm", "image", "solution"):
        await create(admin, team, family=family)
    everything = (await admin.get(RULES)).json()
    assert [rule["family"] for rule in everything] == ["snap", "deb", "charm", "image", "solution"]
    assert [rule["family"] for rule in (await admin.get(f"{RULES}?family=deb")).json()] == ["deb"]
    unknown = await admin.get(f"{RULES}?family=fish")
    assert (unknown.status_code, unknown.json()["detail"][0]["type"]) == (422, "enum")


async def test_unknown_rules_are_not_found(admin):
    for method in ("GET", "PATCH", "DELETE"):
        answer = await admin.request(method, f"{RULES}/4711", json={})
        assert refused(answer, 404, "Artefact matching rule 4711 doesn't exist")


async def test_a_change_leaves_what_is_null_and_clears_what_is_empty(admin, team, database):
    rule = (await create(admin, team, name="core", track="latest", grant_permissions=["change_artefact"])).json()
    other = await add_team(database, "others")
    path = f"{RULES}/{rule['id']}"
    changed = (await admin.patch(path, json={"name": None, "track": "", "stage": "edge"})).json()
    assert changed == rule | {"track": None, "stage": "edge"}
    changed = (await admin.patch(path, json={"team_ids": [other, other], "family": "deb"})).json()
    assert (changed["teams"], changed["family"]) == ([{"id": other, "name": "others"}], "deb")
    changed = (await admin.patch(path, json={"grant_permissions": []})).json()
    assert changed["grant_permissions"] == []
    assert (await admin.patch(path, json={})).json() == changed
    actions = await database.fetch_value("select array_agg(action order by id) from audit_event")
    assert actions == ["create_artefact_matching_rule"] + ["update_artefact_matching_rule"] * 3


async def test_a_change_keeps_teams_and_values_in_order(admin, team):
    rule, _ = [(await create(admin, team, name=name)).json()["id"] for name in ("core", "base")]
    path = f"{RULES}/{rule}"
    assert refused(
        await admin.patch(path, json={"team_ids": []}), 400, "At least one team is required for a matching rule"
    )
    assert refused(await admin.patch(path, json={"team_ids": [team, 4711]}), 404, "Team 4711 doesn't exist")
    taken = await admin.patch(path, json={"name": "base"})
    assert refused(taken, 409, "Another artefact matching rule with these values already exists")


async def test_a_deleted_rule_is_gone_for_all_its_teams(admin, team, database):
    rule = (await create(admin, team, await add_team(database))).json()["id"]
    deleted = await admin.delete(f"{RULES}/{rule}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await admin.delete(f"{RULES}/{rule}")).status_code == 404
    assert (await admin.get(f"/api/v1/teams/{team}")).json()["artefact_matching_rules"] == []


async def test_nobody_grants_by_a_rule_what_he_does_not_hold(client, admin, database, team):
    climber = await as_application(client, database, "change_team", "change_rerun")
    other = await add_team(database)
    rule = (await create(admin, team, name="core", grant_permissions=["change_artefact"])).json()
    path = f"{RULES}/{rule['id']}"
    attempts = [
        await create(climber, other, grant_permissions=["change_rerun", "change_artefact"]),
        await climber.patch(path, json={"name": ""}),
        await climber.patch(path, json={"team_ids": [team, other]}),
    ]
    for attempt in attempts:
        assert refused(attempt, 403, "You cannot give what you do not hold: change_artefact")
    assert (await admin.get(path)).json() == rule
    more = await climber.patch(path, json={"grant_permissions": ["change_artefact", "change_rerun"]})
    assert more.status_code == 200
    assert (await climber.patch(path, json={"grant_permissions": []})).status_code == 200


async def test_nobody_changes_what_rules_grant_his_own_team(client, admin, database, team):
    person = await add_user(database, permissions=["change_team", "change_artefact"])
    await join(database, person, team)
    member = signed_in(client, await session_of(database, person))
    other = await add_team(database)
    granting = (await create(admin, team, name="core", grant_permissions=["change_artefact"])).json()["id"]
    plain = (await create(admin, team, name="base")).json()["id"]
    attempts = [
        await create(member, team, grant_permissions=["change_artefact"]),
        await member.patch(f"{RULES}/{granting}", json={"name": ""}),
        await member.patch(f"{RULES}/{granting}", json={"grant_permissions": []}),
        await member.patch(f"{RULES}/{granting}", json={"team_ids": [other]}),
        await member.patch(f"{RULES}/{plain}", json={"grant_permissions": ["change_artefact"]}),
        await member.delete(f"{RULES}/{granting}"),
    ]
    for attempt in attempts:
        assert refused(attempt, 403, OWN)
    assert (await create(member, team)).status_code == 201
    assert (await member.patch(f"{RULES}/{granting}", json={"team_ids": [team, other]})).status_code == 200
    assert (await member.patch(f"{RULES}/{plain}", json={"stage": "edge"})).status_code == 200
    assert (await member.delete(f"{RULES}/{plain}")).status_code == 204


async def test_families_of_ours_are_shown_to_who_asks_for_them_or_names_one(client, admin, team):
    created = await create(admin, team, family="model", grant_permissions=["change_artefact"])
    assert created.json()["family"] == "model"
    await create(admin, team)
    path = f"{RULES}/{created.json()['id']}"
    assert [rule["family"] for rule in (await admin.get(RULES)).json()] == ["snap"]
    assert [rule["family"] for rule in (await admin.get(RULES, headers=EXTENSIONS)).json()] == ["model", "snap"]
    assert [rule["family"] for rule in (await admin.get(f"{RULES}?family=model")).json()] == ["model"]
    for method in ("GET", "PATCH", "DELETE"):
        assert (await admin.request(method, path, json={})).status_code == 404
        assert (await admin.request(method, path, json={}, headers=EXTENSIONS)).status_code in (200, 204)


async def test_permissions_of_ours_are_shown_to_who_asks_for_them_or_names_one(admin, team):
    created = (await create(admin, team, grant_permissions=["change_gate", "change_artefact"])).json()
    path = f"{RULES}/{created['id']}"
    assert created["grant_permissions"] == ["change_gate", "change_artefact"]
    assert (await admin.get(path)).json()["grant_permissions"] == ["change_artefact"]
    assert (await admin.get(RULES)).json()[0]["grant_permissions"] == ["change_artefact"]
    changed = await admin.patch(path, json={"grant_permissions": ["change_rerun"]})
    assert changed.json()["grant_permissions"] == ["change_rerun"]
    shown = await admin.get(path, headers=EXTENSIONS)
    assert shown.json()["grant_permissions"] == ["change_rerun", "change_gate"]
