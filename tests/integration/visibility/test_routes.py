"""Every route to one thing, asked by its owner, a team mate, a stranger, an administrator, and nobody."""

import re
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar.routes import HTTPRoute
from tests.described import described_api
from tests.integration.visibility.conftest import Cast, Make, Things

from touchstone.http.guards import Requires


class Ask(NamedTuple):
    method: str
    path: str
    body: Any = None


READING = [
    Ask("GET", "/api/v1/datasets/{dataset}"),
    Ask("GET", "/api/v1/datasets/{made}"),
    Ask("GET", "/api/v1/datasets/{dataset}/download"),
    Ask("GET", "/api/v1/datasets/{dataset}/visibility"),
    Ask("GET", "/api/v1/experiments/{experiment}"),
    Ask("GET", "/api/v1/experiments/{experiment}/compare"),
    Ask("GET", "/api/v1/experiments/{experiment}/visibility"),
    Ask("GET", "/api/v1/workflows/{workflow}"),
    Ask("GET", "/api/v1/workflows/{workflow}/logs"),
    Ask("GET", "/api/v1/workflows/{workflow}/result/download"),
    Ask("GET", "/api/v1/workflows/{workflow}/visibility"),
    Ask("GET", "/api/v1/jobs/{job}"),
    Ask("GET", "/api/v1/jobs/{job}/logs"),
    Ask("GET", "/api/v1/jobs/{job}/events"),
    Ask("GET", "/api/v1/jobs/{job}/result"),
    Ask("GET", "/api/v1/jobs/{job}/result/download"),
    Ask("GET", "/api/v1/jobs/{job}/dataset"),
    Ask("GET", "/api/v1/jobs/{job}/visibility"),
    Ask("GET", "/api/jobs/{job}"),
    Ask("GET", "/api/v1/settings/secrets/{secret}/visibility"),
]
CHANGING = [
    Ask("POST", "/api/v1/jobs/{job}/cancel"),
    Ask("POST", "/api/v1/jobs/{job}/retry"),
    Ask("POST", "/api/v1/workflows/{workflow}/cancel"),
    Ask("POST", "/api/v1/workflows/{workflow}/retry"),
]
DELETING = [
    Ask("DELETE", "/api/v1/datasets/{dataset}"),
    Ask("DELETE", "/api/v1/experiments/{experiment}"),
    Ask("DELETE", "/api/v1/workflows/{workflow}"),
]
SAYING_WHO_SEES = [
    Ask("PATCH", f"/api/v1/{noun}/visibility", {"visibility": "everyone"})
    for noun in (
        "datasets/{dataset}",
        "experiments/{experiment}",
        "workflows/{workflow}",
        "jobs/{job}",
        "settings/secrets/{secret}",
    )
]
# a secret's name, unlike an id, is chosen by whoever writes it
BY_NAME = [Ask("PUT", "/api/v1/settings/secrets/{secret}"), Ask("DELETE", "/api/v1/settings/secrets/{secret}")]
ALL = READING + CHANGING + DELETING + SAYING_WHO_SEES + BY_NAME

SEEING = {
    "private": {"owner", "admin"},
    "team": {"owner", "admin", "mate"},
    "everyone": {"owner", "admin", "mate", "stranger", "anonymous"},
}


async def put(client: httpx.AsyncClient, ask: Ask, things: Things) -> httpx.Response:
    path = ask.path.format(**msgspec.to_builtins(things))
    return await client.request(ask.method, path, **({"json": ask.body} if ask.body else {}))


def unlike(things: Things) -> Things:
    """Ids that nobody has given."""
    other = str(uuid4())
    return Things(other, "999999", uuid4().hex, other, "another_key", other)


def told(answer: httpx.Response, things: Things) -> tuple[int, str]:
    """Status and words, without the id that was asked for."""
    words = str(answer.json().get("detail"))
    for identifier in sorted(msgspec.to_builtins(things).values(), key=len, reverse=True):
        words = words.replace(identifier, "…")
    return answer.status_code, words


def name_of(ask: Ask) -> str:
    return f"{ask.method} {ask.path}"


@pytest.mark.parametrize("visibility", SEEING)
@pytest.mark.parametrize("ask", READING + CHANGING, ids=name_of)
async def test_whoever_may_see_it_may_ask_and_to_others_it_is_not_there(
    cast: Cast, make: Make, ask: Ask, visibility: str
):
    things = await make(visibility)
    for who in ("stranger", "anonymous", "mate", "owner", "admin"):
        answer = await put(getattr(cast, who), ask, things)
        if who in SEEING[visibility]:
            assert answer.is_success, (who, answer.text)
        else:
            unknown = await put(getattr(cast, who), ask, unlike(things))
            assert told(answer, things) == told(unknown, unlike_ids(unknown)), who
            assert answer.status_code in (404, 422), who


def unlike_ids(answer: httpx.Response) -> Things:
    """The ids of an answer about what is not there."""
    found = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|999999|another_key", answer.request.url.path)
    return Things(*(found * 6)[:6])


@pytest.mark.parametrize("visibility", SEEING)
@pytest.mark.parametrize("ask", DELETING, ids=name_of)
async def test_whoever_may_see_it_may_delete_it_and_nobody_else(cast: Cast, make: Make, ask: Ask, visibility: str):
    things = await make(visibility)
    for who in ("stranger", "anonymous", "mate"):
        if who not in SEEING[visibility]:
            assert (await put(getattr(cast, who), ask, things)).status_code == 404, who
    last = {"private": "owner", "team": "mate", "everyone": "anonymous"}[visibility]
    assert (await put(getattr(cast, last), ask, things)).is_success
    assert (await put(cast.owner, ask, things)).status_code == 404


@pytest.mark.parametrize("visibility", SEEING)
@pytest.mark.parametrize("ask", SAYING_WHO_SEES, ids=name_of)
async def test_only_its_owner_and_administrators_say_who_sees_it(cast: Cast, make: Make, ask: Ask, visibility: str):
    things = await make(visibility)
    for who in ("stranger", "anonymous", "mate"):
        answer = await put(getattr(cast, who), ask, things)
        assert answer.status_code == (403 if who in SEEING[visibility] else 404), (who, answer.text)
    expected = {"owner": cast.owner_name, "team": None, "visibility": "everyone"}
    for who in ("owner", "admin"):
        assert (await put(getattr(cast, who), ask, things)).json() == expected


@pytest.mark.parametrize("visibility", SEEING)
async def test_a_secret_is_replaced_by_whoever_sees_it_and_its_name_is_taken_for_others(
    cast: Cast, make: Make, visibility: str
):
    things = await make(visibility)
    ask = Ask("PUT", "/api/v1/settings/secrets/{secret}", {"value": "another", "description": "replaced"})
    for who in ("stranger", "anonymous", "mate", "owner", "admin"):
        answer = await put(getattr(cast, who), ask, things)
        assert answer.status_code == (204 if who in SEEING[visibility] else 409), (who, answer.text)
    whose = (await cast.owner.get("/api/v1/settings/secrets/a_key/visibility")).json()
    assert (whose["owner"], whose["visibility"]) == (cast.owner_name, visibility)


@pytest.mark.parametrize("visibility", SEEING)
async def test_a_secret_is_deleted_by_whoever_sees_it_and_by_nobody_else(cast: Cast, make: Make, visibility: str):
    things = await make(visibility)
    ask = Ask("DELETE", "/api/v1/settings/secrets/{secret}")
    for who in ("stranger", "mate"):
        if who not in SEEING[visibility]:
            assert (await put(getattr(cast, who), ask, things)).status_code == 204  # as of one that is not there
    assert await names_of_secrets(cast.owner) == ["a_key"]
    last = {"private": "owner", "team": "mate", "everyone": "stranger"}[visibility]
    assert (await put(getattr(cast, last), ask, things)).status_code == 204
    assert await names_of_secrets(cast.admin) == []


async def names_of_secrets(client: httpx.AsyncClient) -> list[str]:
    return [secret["name"] for secret in (await client.get("/api/v1/settings/secrets")).json()]


@pytest.mark.parametrize("visibility", SEEING)
async def test_lists_hold_and_count_what_one_sees(cast: Cast, make: Make, visibility: str):
    things = await make(visibility)
    listed = {"datasets": 3, "jobs": 3, "experiments": 1, "experiments/all": 1, "workflows": 1}
    for who in SEEING["everyone"]:
        client, sees = getattr(cast, who), who in SEEING[visibility]
        for path, count in listed.items():
            page = (await client.get(f"/api/v1/{path}")).json()
            assert (page["total"], len(page["items"])) == ((count, count) if sees else (0, 0)), (who, path)
        evaluations = (await client.get("/api/v1/jobs", params={"job_types": "evaluator"})).json()
        assert evaluations["total"] == len(evaluations["items"]) == sees
        assert await names_of_secrets(client) == ([things.secret] if sees else [])


def test_every_route_to_one_thing_is_tested_here():
    nouns = re.compile(r"/api/(v1/)?(datasets|experiments|workflows|jobs|settings/secrets)/\{")
    routes = {
        (method, re.sub(r"\{[^}]*\}", "{}", route.path.rstrip("/")))
        for route in described_api().routes
        if isinstance(route, HTTPRoute) and nouns.match(route.path)
        for method, (handler, _) in route.route_handler_map.items()
        if any(isinstance(guard, Requires) for guard in handler.guards or [])
    }
    assert routes == {(ask.method, re.sub(r"\{[^}]*\}", "{}", ask.path)) for ask in ALL}
