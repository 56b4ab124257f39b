import httpx
import pytest

from touchstone.http.edge import EdgeSettings

PAGE = {"Origin": "http://localhost:3000"}
METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


async def preflight(client: httpx.AsyncClient, origin: str, method: str = "POST", **headers: str) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, **headers}
    return await client.options("/api/v1/things/", headers=asked)


async def test_a_preflight_of_an_allowed_origin_is_answered_as_the_contract_shows(client: httpx.AsyncClient):
    wanted = {"Access-Control-Request-Headers": "content-type,x-foo"}
    response = await preflight(client, "http://localhost:3000", **wanted)
    assert (response.status_code, response.text) == (200, "OK")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-length"] == "2"
    assert response.headers["vary"] == "Origin"
    assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["access-control-allow-methods"] == METHODS
    assert response.headers["access-control-allow-headers"] == "content-type,x-foo"
    assert response.headers.get_list("access-control-allow-origin") == ["http://localhost:3000"]


async def test_a_preflight_of_another_origin_is_refused_as_the_contract_shows(client: httpx.AsyncClient):
    response = await preflight(client, "http://evil")
    assert (response.status_code, response.text) == (400, "Disallowed CORS origin")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["vary"] == "Origin"
    assert response.headers["access-control-allow-methods"] == METHODS
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in response.headers


async def test_a_preflight_for_a_strange_verb_is_refused(client: httpx.AsyncClient):
    response = await preflight(client, "http://localhost", "BREW")
    assert (response.status_code, response.text) == (400, "Disallowed CORS method")


async def test_a_preflight_never_echoes_what_is_no_header_name(client: httpx.AsyncClient):
    response = await preflight(client, "http://localhost", **{"Access-Control-Request-Headers": "a: b"})
    assert response.status_code == 400
    assert "access-control-allow-headers" not in response.headers


@pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:3000", "http://localhost:30001"])
async def test_answers_may_be_read_by_allowed_origins(client: httpx.AsyncClient, origin: str):
    headers = (await client.get("/api/v1/things", headers={"Origin": origin})).headers
    assert headers["access-control-allow-origin"] == origin
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["vary"] == "Origin"
    assert headers["access-control-expose-headers"] == (
        "Location, Link, ETag, Touchstone-Approvals, X-Request-Id, Retry-After"
    )


async def test_answers_may_not_be_read_by_other_origins(client: httpx.AsyncClient):
    headers = (await client.get("/api/v1/things", headers={"Origin": "http://evil"})).headers
    assert "access-control-allow-origin" not in headers
    assert headers["vary"] == "Origin"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/crash", "/api/v1/down"])
async def test_failures_may_be_read_by_allowed_origins_too(client: httpx.AsyncClient, path: str):
    assert (await client.get(path, headers=PAGE)).headers["access-control-allow-origin"] == PAGE["Origin"]


async def test_options_with_an_origin_but_no_wish_is_no_preflight(client: httpx.AsyncClient):
    response = await client.options("/api/v1/things", headers=PAGE)
    assert response.status_code == 405
    assert response.headers["access-control-allow-origin"] == PAGE["Origin"]


async def test_a_star_lets_every_origin_read_but_not_as_the_signed_in_user(client_of):
    async with client_of(EdgeSettings(allowed_origins=("*",))) as client:
        for response in (
            await preflight(client, "http://any.where"),
            await client.get("/api/v1/things", headers={"Origin": "http://any.where", "Cookie": "session=1"}),
        ):
            assert response.status_code == 200
            assert response.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in response.headers
            assert "vary" not in response.headers
