"""Users: reading, searching, administrators, deleting."""

import asyncio

import pytest
from tests.conftest import replaced, serving
from tests.people import (
    add_application,
    add_team,
    add_user,
    as_admin,
    as_user,
    join,
    session_of,
    signed_in,
    with_key,
)

from touchstone.domains.users.service import UserService
from touchstone.errors import Forbidden
from touchstone.http.caller import Caller, Principal

USERS = "/api/v1/users"
ADMINISTRATOR = Caller(Principal(user_id=1, is_admin=True))


async def names_found(reader, **query):
    answer = await reader.get(USERS, params=query)
    assert answer.status_code == 200, answer.text
    return [user["name"] for user in answer.json()["users"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/1"), ("PATCH", "/1"), ("DELETE", "/1"), ("GET", "/x"), ("PATCH", "/x")],
)
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, method, path):
    anonymous = await client.request(method, USERS + path, json={"is_admin": "perhaps"})
    user = await (await as_user(client, database, "view_team")).request(method, USERS + path)
    assert (anonymous.status_code, user.status_code) == (403, 403)
    assert anonymous.json()["detail"] == "Insufficient permissions"


async def test_a_user_is_answered_with_his_teams(client, database):
    person = await add_user(database, "ada@example.test", name="Ada")
    for name, permissions in (("b team", ["change_team", "view_user"]), ("a team", [])):
        await join(database, person, await add_team(database, name, permissions=permissions))
    answer = await (await as_user(client, database, "view_user")).get(f"{USERS}/{person}")
    teams = answer.json().pop("teams")
    assert answer.json() | {"teams": []} == {
        "id": person,
        "launchpad_handle": None,
        "email": "ada@example.test",
        "name": "Ada",
        "is_admin": False,
        "teams": [],
    }
    assert [(team["name"], team["permissions"]) for team in teams] == [
        ("a team", []),
        ("b team", ["change_team", "view_user"]),
    ]


async def test_an_unknown_user_is_not_found(client, database):
    admin = await as_admin(client, database)
    for answer in (await admin.get(f"{USERS}/4711"), await admin.patch(f"{USERS}/4711", json={})):
        assert (answer.status_code, answer.json()["detail"]) == (404, "User with id 4711 not found")


async def test_an_id_beyond_the_column_is_a_validation_error(client, database):
    answer = await (await as_admin(client, database)).get(f"{USERS}/{2**31}")
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["path", "user_id"])


async def test_users_come_by_name_and_in_pages(client, database):
    for name in ("Cid", "Ada", "Bob", "Ada"):
        await add_user(database, name=name)
    reader = await as_user(client, database, "view_user")  # his own name is Somebody
    assert await names_found(reader) == ["Ada", "Ada", "Bob", "Cid", "Somebody"]
    page = (await reader.get(USERS, params={"limit": 2, "offset": 1})).json()
    assert [user["name"] for user in page.pop("users")] == ["Ada", "Bob"]
    assert page == {"count": 5, "limit": 2, "offset": 1}
    beyond = (await reader.get(USERS, params={"offset": 9})).json()
    assert beyond == {"users": [], "count": 5, "limit": 50, "offset": 9}


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"offset": -1}, {"limit": "many"}])
async def test_pages_have_limits(client, database, query):
    answer = await (await as_admin(client, database)).get(USERS, params=query)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", *query])


async def test_each_word_of_a_search_must_be_found_somewhere(client, database):
    ada = await add_user(database, "ada@example.test", name="Ada Lovelace")
    await add_user(database, "bob@lovelace.test", name="Bob 100%_")
    await database.execute("update app_user set launchpad_handle = 'countess' where id = $1", ada)
    reader = await as_admin(client, database)
    assert await names_found(reader, q="LOVELACE") == ["Ada Lovelace", "Bob 100%_"]
    assert await names_found(reader, q=" lovelace   ada ") == ["Ada Lovelace"]
    assert await names_found(reader, q="Count example") == ["Ada Lovelace"]
    assert await names_found(reader, q="%_") == ["Bob 100%_"]
    assert await names_found(reader, q="_v") == []
    assert await names_found(reader, q=f"0{ada}") == ["Ada Lovelace"]
    assert await names_found(reader, q=f"{ada} bob") == []
    assert await names_found(reader, q="9" * 40) == []
    assert len(await names_found(reader, q="")) == 3


async def test_words_with_nul_are_refused(client, database):
    answer = await (await as_admin(client, database)).get(USERS, params={"q": "a\0b"})
    assert answer.status_code == 422


async def test_me_is_the_signed_in_user_or_null(client, database):
    person = await add_user(database, name="Ada", permissions=["view_test"])
    me = await signed_in(client, await session_of(database, person)).get(f"{USERS}/me")
    _, key = await add_application(database)
    assert (me.status_code, me.json()["id"], me.json()["teams"][0]["permissions"]) == (200, person, ["view_test"])
    for nobody in (await client.get(f"{USERS}/me"), await with_key(client, key).get("/v1/users/me")):
        assert (nobody.status_code, nobody.text) == (200, "null")


async def test_me_asks_for_a_session_where_authentication_is_required(settings, runner, store, database):
    async with serving(replaced(settings, require_authentication=True), runner, store) as client:
        _, key = await add_application(database)
        for nobody in (await client.get(f"{USERS}/me"), await with_key(client, key).get(f"{USERS}/me")):
            assert (nobody.status_code, nobody.json()["detail"]) == (401, "Not authenticated")
        assert (await (await as_user(client, database)).get(f"{USERS}/me")).status_code == 200


async def test_an_administrator_makes_and_unmakes_administrators(client, database):
    admin, person = await as_admin(client, database), await add_user(database)
    assert (await admin.patch(f"{USERS}/{person}", json={"is_admin": True})).json()["is_admin"] is True
    assert (await admin.patch(f"{USERS}/{person}", json={"is_admin": None})).json()["is_admin"] is True
    assert (await admin.patch(f"{USERS}/{person}", json={"is_admin": False})).json()["is_admin"] is False
    rows = await database.fetch_value(
        "select json_agg(json_build_array(action, before, after) order by id) from audit_event where subject = $1",
        f"user:{person}",
    )
    assert rows == [
        ["update_user", {"is_admin": False}, {"is_admin": True}],
        ["update_user", {"is_admin": True}, {"is_admin": False}],
    ]


async def test_nobody_else_does(client, database):
    person, admin = await add_user(database, permissions=["change_user"]), await add_user(database, is_admin=True)
    await add_user(database, is_admin=True)
    climber = signed_in(client, await session_of(database, person))
    attempts = [
        await climber.patch(f"{USERS}/{person}", json={"is_admin": True}),
        await climber.patch(f"{USERS}/{admin}", json={"is_admin": False}),
        await climber.delete(f"{USERS}/{admin}"),
    ]
    for refused in attempts:
        assert refused.status_code == 403
        assert refused.json()["detail"] == "Only an administrator can make, unmake or delete an administrator"
    assert await database.fetch_value("select count(*) from app_user where is_admin") == 2
    assert await database.fetch_value("select count(*) from audit_event") == 0


async def test_who_may_change_users_may_say_what_is_so_already(client, database):
    person = await add_user(database)
    changer = await as_user(client, database, "change_user")
    assert (await changer.patch(f"{USERS}/{person}", json={"is_admin": False})).status_code == 200


async def test_the_last_administrator_stays(client, database):
    admin = await add_user(database, is_admin=True)
    himself = signed_in(client, await session_of(database, admin))
    unmade = await himself.patch(f"{USERS}/{admin}", json={"is_admin": False})
    deleted = await himself.delete(f"{USERS}/{admin}")
    for refused in (unmade, deleted):
        assert (refused.status_code, refused.json()["detail"]) == (403, "The last administrator cannot be removed")


async def test_of_two_administrators_who_remove_each_other_one_stays(client, database):
    first, second = await add_user(database, is_admin=True), await add_user(database, is_admin=True)
    one, other = [signed_in(client, await session_of(database, user)) for user in (first, second)]
    answers = await asyncio.gather(
        one.delete(f"{USERS}/{second}"), other.patch(f"{USERS}/{first}", json={"is_admin": False})
    )
    assert sorted(answer.status_code for answer in answers)[-1] == 403
    assert await database.fetch_value("select count(*) from app_user where is_admin") == 1


async def test_deleting_takes_memberships_sessions_and_notifications_along(client, database):
    person = await add_user(database, permissions=["view_test"])
    session = await session_of(database, person)
    await database.execute("insert into notification (user_id, notification_type) values ($1, 'x')", person)
    changer = await as_user(client, database, "change_user")
    answer = await changer.delete(f"{USERS}/{person}")
    again = await changer.delete(f"/v1/users/{person}")
    assert (answer.status_code, answer.content, again.status_code) == (204, b"", 204)
    left = await database.fetch_value(
        """
        select (select count(*) from team_member where user_id = $1) + (select count(*) from user_session
            where user_id = $1) + (select count(*) from notification where user_id = $1)
        """,
        person,
    )
    assert left == 0
    assert (await signed_in(client, session).get(f"{USERS}/me")).text == "null"
    assert await database.fetch_value("select array_agg(action) from audit_event") == ["delete_user"]


async def test_words_of_ours_are_shown_to_who_asks_for_them(client, database):
    person = await add_user(database, permissions=["view_dataset", "view_test", "change_gate"])
    reader = await as_admin(client, database)

    async def shown(path, **headers):
        return (await reader.get(path, headers=headers)).json()

    def permissions(user):
        return user["teams"][0]["permissions"]

    assert permissions(await shown(f"{USERS}/{person}")) == ["view_test"]
    assert permissions((await shown(f"{USERS}?q={person}"))["users"][0]) == ["view_test"]
    asked = await shown(f"{USERS}/{person}", **{"Accept-Extensions": "other, Touchstone"})
    assert permissions(asked) == ["view_dataset", "view_test", "change_gate"]


async def test_adding_a_user_again_keeps_him(database):
    service = UserService(database)
    new, is_new = await service.add(ADMINISTRATOR, "Ada@example.test", "Ada", launchpad_handle="ada")
    again, is_new_again = await service.add(ADMINISTRATOR, "ada@EXAMPLE.test", "Somebody else", is_admin=True)
    assert (is_new, is_new_again) == (True, False)
    assert (again.id, again.name, again.email, again.is_admin) == (new.id, "Ada", "Ada@example.test", True)


async def test_one_of_many_who_add_the_same_user_makes_him(database):
    service = UserService(database)
    added = await asyncio.gather(*(service.add(ADMINISTRATOR, "ada@example.test", "Ada") for _ in range(8)))
    assert sum(is_new for _, is_new in added) == 1
    assert len({row.id for row, _ in added}) == 1
    assert await database.fetch_value("select count(*) from audit_event") == 1


async def test_promoting_needs_an_administrator(database):
    await add_user(database, "ada@example.test")
    service = UserService(database)
    with pytest.raises(Forbidden):
        await service.promote(Caller(), "ada@example.test")
    assert (await service.promote(ADMINISTRATOR, "ADA@example.test")).is_admin
    assert (await service.promote(ADMINISTRATOR, "ada@example.test")).is_admin
