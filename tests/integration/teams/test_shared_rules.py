"""Rules that teams are given: equal ones are one, and what it grants grows together."""

import asyncio

import pytest
from tests.people import add_team, as_admin, as_user

TEAMS = "/api/v1/teams"
RULES = "/api/v1/artefact-matching-rules"


@pytest.fixture
async def admin(client, database):
    return await as_admin(client, database)


@pytest.fixture
def give(admin):
    """Replaces the rules of a team, and answers them as (id, family, name, what it grants)."""

    async def patch(team, *rules):
        answer = await admin.patch(f"{TEAMS}/{team}", json={"artefact_matching_rules": list(rules)})
        assert answer.status_code == 200, answer.text
        given = answer.json()["artefact_matching_rules"]
        return [(one["id"], one["family"], one["name"], one["grant_permissions"]) for one in given]

    return patch


def rule(family="snap", *granted, **fields):
    return {"family": family, "grant_permissions": list(granted), **fields}


async def test_rules_are_replaced_and_those_without_team_go(give, database):
    team = await add_team(database)
    first = await give(team, rule(name="core"), rule("deb", "change_artefact"))
    assert [one[1:] for one in first] == [("snap", "core", []), ("deb", None, ["change_artefact"])]
    second = await give(team, rule("deb"), rule("charm"))
    assert second[0] == first[1] and second[1][1:] == ("charm", None, [])
    assert await give(team) == []
    assert await database.fetch_value("select count(*) from artefact_matching_rule") == 0


async def test_of_equal_rules_in_one_request_the_first_wins(give, database):
    team = await add_team(database)
    given = await give(team, rule("snap", "change_artefact"), rule("deb"), rule("snap", "change_rerun"))
    assert [one[1:] for one in given] == [("snap", None, ["change_artefact"]), ("deb", None, [])]


async def test_equal_rules_of_two_teams_are_one_and_grant_what_both_say(give, admin, database):
    one, other = await add_team(database), await add_team(database)
    (first,) = await give(one, rule("snap", "change_artefact", track="latest"))
    (second,) = await give(other, rule("snap", "change_rerun", "change_artefact", track="latest"))
    assert second == (first[0], "snap", None, ["change_artefact", "change_rerun"])
    shown = (await admin.get(f"{RULES}/{first[0]}")).json()
    assert [team["id"] for team in shown["teams"]] == [one, other]
    assert shown["grant_permissions"] == ["change_artefact", "change_rerun"]
    (third,) = await give(one, rule("snap", track="latest"))
    assert third == second


async def test_a_rule_stays_while_another_team_has_it(give, admin, database):
    one, other = await add_team(database), await add_team(database)
    for team in (one, other):
        ((shared, *_),) = await give(team, rule())
    await give(one)
    assert [team["id"] for team in (await admin.get(f"{RULES}/{shared}")).json()["teams"]] == [other]
    await give(other)
    assert (await admin.get(f"{RULES}/{shared}")).status_code == 404


async def test_a_new_team_shares_a_rule_too(give, admin, database):
    ((shared, *_),) = await give(await add_team(database), rule("snap", "change_artefact"))
    created = (await admin.post(TEAMS, json={"name": "new", "artefact_matching_rules": [rule()]})).json()
    (given,) = created["artefact_matching_rules"]
    assert (given["id"], given["grant_permissions"]) == (shared, ["change_artefact"])


async def test_who_shares_a_rule_must_hold_what_it_grants_already(give, client, database):
    await give(await add_team(database), rule("snap", "change_artefact"))
    climber, team = await as_user(client, database, "change_team"), await add_team(database)
    refused = await climber.patch(f"{TEAMS}/{team}", json={"artefact_matching_rules": [rule()]})
    assert refused.status_code == 403
    assert refused.json()["detail"] == "You cannot give what you do not hold: change_artefact"


async def test_texts_of_a_rule_have_limits(admin, database):
    team = await add_team(database)

    async def answer(**fields):
        return await admin.patch(f"{TEAMS}/{team}", json={"artefact_matching_rules": [rule(**fields)]})

    too_long = await answer(store="s" * 201)
    assert too_long.json()["detail"][0]["loc"] == ["body", "artefact_matching_rules", 0, "store"]
    names = ("name", "stage", "track", "branch", "store", "series", "os", "release", "owner")
    together = await answer(**dict.fromkeys(names, "漢" * 200))
    assert (together.status_code, together.json()["detail"][0]["type"]) == (422, "value_error")
    assert (await answer(**dict.fromkeys(names, "x" * 200))).status_code == 200


async def test_teams_that_come_and_go_at_once_lose_no_rule(admin, database):
    teams = [await add_team(database) for _ in range(4)]

    async def turn(team, rules):
        return await admin.patch(f"{TEAMS}/{team}", json={"artefact_matching_rules": rules})

    shared = [rule("snap"), rule("deb")]
    for _ in range(5):
        coming = [turn(team, shared if index % 2 else shared[::-1]) for index, team in enumerate(teams)]
        going = [turn(team, []) for team in teams[:2]]
        answers = await asyncio.gather(*coming, *going)
        assert {answer.status_code for answer in answers} == {200}
        assert await database.fetch_value("select count(*) from artefact_matching_rule") == 2
        for team in teams[2:]:
            given = (await admin.get(f"{TEAMS}/{team}")).json()["artefact_matching_rules"]
            assert sorted(one["family"] for one in given) == ["deb", "snap"]


async def test_the_audit_trail_tells_what_replacing_did(give, database):
    one, other = await add_team(database), await add_team(database)
    await give(one, rule("snap", "change_artefact"))
    await give(other, rule("snap", "change_rerun"))
    await give(other, rule("snap", "change_rerun"))
    await give(other)
    events = await database.fetch_value(
        """
        select json_agg(json_build_array(subject, after->'grown', json_array_length((after->'new')::json),
            json_array_length((after->'joined')::json), json_array_length((after->'left')::json)) order by id)
        from audit_event
        """
    )
    shared = await database.fetch_value("select id from artefact_matching_rule")
    grown = {str(shared): ["change_artefact", "change_rerun"]}
    assert events == [
        [f"team:{one}", {}, 1, 0, 0],
        [f"team:{other}", grown, 0, 1, 0],
        [f"team:{other}", {}, 0, 0, 1],
    ]
