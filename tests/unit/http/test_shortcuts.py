"""What is found out once is not found out again for each request."""

from typing import Any

from litestar import Litestar, get, post
from litestar.handlers import BaseRouteHandler
from litestar.testing import create_test_client

from touchstone.http import shortcuts


def test_guards_are_given_the_handler_itself_whatever_its_method() -> None:
    given: list[Any] = []

    async def guard(_: Any, handler: BaseRouteHandler) -> None:
        given.append(handler)

    @get("/", guards=[guard])
    async def read() -> str:
        return "read"

    @post("/", guards=[guard])
    async def write() -> str:
        return "written"

    with create_test_client([read, write]) as client:
        handlers = handlers_of(client.app)
        for handler in handlers.values():
            shortcuts.take_shortcuts(handler)
        assert [client.get("/").text, client.post("/").text] == ["read", "written"]
    assert given == [handlers["GET"], handlers["POST"]]
    assert [one is other for one, other in zip(given, handlers.values(), strict=True)] == [True, True]


def handlers_of(app: Litestar) -> dict[str, Any]:
    (route,) = [route for route in app.routes if route.path == "/"]
    found = {method: handler for method, (handler, _) in route.route_handler_map.items()}  # pyright: ignore
    return {method: found[method] for method in ("GET", "POST")}
