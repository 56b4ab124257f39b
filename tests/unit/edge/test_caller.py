from litestar.connection import ASGIConnection

from touchstone.http.caller import Caller, caller_of


def connection(**more) -> ASGIConnection:
    scope = {"type": "http", "headers": [], "client": ("192.0.2.7", 1), "state": {"request_id": "r-1"}, **more}
    return ASGIConnection(scope)


def test_nobody_is_known_where_nobody_signs_in():
    assert caller_of(connection()) == Caller("anonymous", "192.0.2.7", "r-1")


def test_a_user_whom_the_authentication_found_is_the_caller():
    assert caller_of(connection(user="ada", client=None)) == Caller("ada", None, "r-1")
