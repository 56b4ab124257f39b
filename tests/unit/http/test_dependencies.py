"""Dependencies that handlers get without a call, and guards that need no thread."""

import inspect
from typing import Any

import pytest
from litestar import Litestar, Request, get
from litestar.di import NamedDependency, Provide
from litestar.testing import AsyncTestClient

from touchstone.http import signature
from touchstone.http.guards import Access
from touchstone.http.signature import Derived, Given

THING = object()


def kinds_of(kind: type[Access]) -> list[type[Access]]:
    return [kind, *(found for one in kind.__subclasses__() for found in kinds_of(one))]


@get("/seen", sync_to_thread=False)
def show_seen(thing: NamedDependency[Any], agent: NamedDependency[str], words: NamedDependency[str]) -> dict[str, Any]:
    return {"is_thing": thing is THING, "agent": agent, "words": words}


@get("/alone", sync_to_thread=False)
def show_alone(thing: NamedDependency[Any]) -> bool:
    return thing is THING


def agent_of(request: Any) -> str:
    return request.headers["user-agent"]


async def provide_words(request: Request[Any, Any, Any], agent: str) -> str:
    return f"{agent} asks for {request.url.path}"


@pytest.fixture
async def app() -> Litestar:
    made = Litestar(
        [show_seen, show_alone],
        dependencies={"thing": Given(THING), "agent": Derived(agent_of), "words": Provide(provide_words)},
    )
    signature.install(made)
    return made


async def test_what_is_given_is_the_same_object_for_every_request(app):
    async with AsyncTestClient(app) as client:
        assert [(await client.get("/alone")).json() for _ in range(2)] == [True, True]


async def test_what_is_derived_is_read_off_each_request_and_other_dependencies_may_need_it(app):
    async with AsyncTestClient(app) as client:
        answers = [(await client.get("/seen", headers={"user-agent": name})).json() for name in ("one", "two")]
    assert [answer["agent"] for answer in answers] == ["one", "two"]
    assert [answer["words"] for answer in answers] == ["one asks for /seen", "two asks for /seen"]
    assert all(answer["is_thing"] for answer in answers)


async def test_litestar_resolves_only_the_others(app):
    [route] = [route for route in app.routes if route.path == "/seen"]
    _, arguments = route.route_handler_map["GET"]  # type: ignore[union-attr]
    assert [{one.key for one in batch} for batch in arguments.dependency_batches] == [{"words"}]


def test_guards_run_on_the_loop():
    assert all(inspect.iscoroutinefunction(kind.__call__) for kind in kinds_of(Access))
