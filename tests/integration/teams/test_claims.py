"""Memberships that an identity provider's groups bring and take."""

from tests.people import add_team, add_user, as_admin, join

from touchstone.domains.teams.claims_repository import join_teams


async def teams_of(database, person):
    return await database.fetch_value(
        "select coalesce(array_agg(team_id order by team_id), '{}') from team_member where user_id = $1", person
    )


async def test_who_brings_a_group_that_a_team_names_is_in_it_while_he_brings_it(database):
    person = await add_user(database)
    qa = await add_team(database, claims=["saml:qa", "oidc:testers"])
    ops = await add_team(database, claims=["saml:ops", "saml:qa"])
    first = await join_teams(database, person, "saml", ("qa", "ops"))
    again = await join_teams(database, person, "saml", ("qa",))
    assert (first.joined, first.left, again.joined, again.left) == ([qa, ops], [], [], [])
    gone = await join_teams(database, person, "saml", ("ops",))
    assert (gone.joined, gone.left, await teams_of(database, person)) == ([], [qa], [ops])


async def test_an_equal_name_joins_nobody(database):
    person = await add_user(database)
    await add_team(database, "qa")
    await add_team(database, "other", claims=["oidc:qa", "qa", "saml:q"])
    assert (await join_teams(database, person, "saml", ("qa",))).joined == []


async def test_a_provider_ends_only_what_it_began(client, database):
    person, admin = await add_user(database), await as_admin(client, database)
    by_hand = await add_team(database, claims=["saml:qa"])
    by_other = await add_team(database, claims=["oidc:qa"])
    kept = await add_team(database, claims=["saml:qa"])
    await join(database, person, by_hand)
    await join_teams(database, person, "oidc", ("qa",))
    await join_teams(database, person, "saml", ("qa",))
    await admin.post(f"/api/v1/teams/{kept}/members/{person}")
    await join_teams(database, person, "saml", ())
    assert await teams_of(database, person) == [by_hand, by_other, kept]
