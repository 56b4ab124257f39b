from litestar.connection import ASGIConnection

from touchstone.http.caller import Caller, Principal, caller_of


def connection(**more) -> ASGIConnection:
    scope = {"type": "http", "headers": [], "client": ("192.0.2.7", 1), "state": {"request_id": "r-1"}, **more}
    return ASGIConnection(scope)


def test_nobody_is_known_where_nobody_signs_in():
    assert caller_of(connection()) == Caller(address="192.0.2.7", request_id="r-1")


def test_a_user_whom_the_authentication_found_is_the_caller():
    ada = Caller(Principal(user_id=3), "192.0.2.8", "r-2")
    assert caller_of(connection(user=ada)) is ada


def test_what_one_sees_belongs_to_him_to_his_application_or_to_his_teams():
    principal = Principal(user_id=3, application_id=5, team_ids=frozenset({7}))
    assert Caller(principal).viewer == ["user:3", "application:5", "team:7"]
    assert Caller().viewer == []


def test_administrators_see_everything():
    assert Caller(Principal(user_id=3, is_admin=True)).viewer is None
