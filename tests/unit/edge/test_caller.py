from litestar.connection import ASGIConnection

from touchstone.http.caller import Caller, Principal, caller_of


def connection(**more) -> ASGIConnection:
    scope = {"type": "http", "headers": [], "client": ("192.0.2.7", 1), "state": {"request_id": "r-1"}, **more}
    return ASGIConnection(scope)


def test_nobody_is_known_where_nobody_signs_in():
    caller = caller_of(connection())
    assert (caller.name, caller.address, caller.request_id) == ("anonymous", "192.0.2.7", "r-1")
    assert not caller.may("view_job")


def test_whom_the_authentication_found_is_the_caller():
    found = Caller(Principal(user_id=3, user_name="Ada", permissions=frozenset({"view_job"})))
    assert caller_of(connection(user=found)) is found
    assert (found.name, found.may("view_job"), found.may("change_job")) == ("user:3", True, False)


def test_an_admin_may_everything():
    assert Caller(Principal(user_id=1, is_admin=True)).may("change_user", "change_team")
