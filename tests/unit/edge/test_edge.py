import httpx
import pytest

from touchstone.http.edge import EdgeSettings


@pytest.mark.parametrize(
    "path", ["/api/v1/things", "/api/v1/things/", "/v1/things", "/v1/things/", "/v1/things/7", "/api/v1/things/7/"]
)
async def test_both_prefixes_and_both_slash_spellings_answer_directly(client: httpx.AsyncClient, path: str):
    assert (await client.get(path)).status_code == 200


async def test_a_path_that_only_begins_like_the_short_prefix_is_left_alone(client: httpx.AsyncClient):
    assert (await client.get("/v12/things")).status_code == 404


async def test_an_unknown_path_is_not_found(client: httpx.AsyncClient):
    response = await client.get("/api/v1/nothing")
    assert response.status_code == 404
    assert response.json()["detail"] == "Not Found"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/things", "GET, POST"),
        ("/v1/things/", "GET, POST"),
        ("/api/v1/things/7", "DELETE, GET"),
        ("/health/live", "GET"),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "HEAD"])
async def test_a_verb_that_a_path_lacks_is_answered_with_those_that_it_has(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
):
    response = await client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert method == "HEAD" or response.json()["detail"] == "Method Not Allowed"


async def test_options_of_an_unknown_path_is_not_found(client: httpx.AsyncClient):
    assert (await client.options("/api/v1/nothing")).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:30001", "[::1]:8000"])
async def test_the_names_of_this_machine_are_allowed_hosts(client: httpx.AsyncClient, host: str):
    assert (await client.get("/v1/things", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:80:80", "local host", ""])
async def test_another_host_name_is_refused_in_the_shape_of_the_house(client: httpx.AsyncClient, host: str):
    response = await client.get("/v1/things", headers={"host": host})
    assert response.status_code == 400
    assert response.json()["detail"] == "This host name is not allowed"
    assert response.json()["request_id"] == response.headers["x-request-id"]


async def test_probes_may_use_any_host_name(client: httpx.AsyncClient):
    assert (await client.get("/health/live", headers={"host": "10.1.2.3:8000"})).status_code == 200


@pytest.mark.parametrize("host", ["api.example.org", "a.b.example.net", "example.com."])
async def test_hosts_come_from_the_settings(client_of, host: str):
    settings = EdgeSettings(allowed_hosts=("api.example.org", "*.example.net", "example.com"))
    async with client_of(settings) as client:
        assert (await client.get("/v1/things", headers={"host": host})).status_code == 200
        assert (await client.get("/v1/things", headers={"host": "example.net"})).status_code == 400


async def test_a_star_allows_every_host(client_of):
    async with client_of(EdgeSettings(allowed_hosts=("*",))) as client:
        assert (await client.get("/v1/things", headers={"host": "any.thing"})).status_code == 200


async def test_a_request_id_is_made_where_none_is_given(client: httpx.AsyncClient):
    first, second = await client.get("/v1/things/7"), await client.get("/v1/things/7")
    assert len(first.headers["x-request-id"]) == 32
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_the_clients_request_id_reaches_handler_log_context_and_answer(client: httpx.AsyncClient):
    response = await client.get("/v1/things/7", headers={"x-request-id": "build-17.a"})
    assert response.headers["x-request-id"] == "build-17.a"
    assert response.json()["request_id"] == "build-17.a"
    assert response.json()["log_context"] == {"request_id": "build-17.a"}


@pytest.mark.parametrize("offered", ["", "a b", "x" * 129, "naïve".encode().decode("latin-1"), '{"a":1}'])
async def test_a_request_id_that_could_do_harm_is_replaced(client: httpx.AsyncClient, offered: str):
    response = await client.get("/v1/things/7", headers={"x-request-id": offered.encode("latin-1")})
    assert len(response.headers["x-request-id"]) == 32


async def test_browsers_are_told_not_to_guess_types(client: httpx.AsyncClient):
    headers = (await client.get("/v1/things")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "content-security-policy" not in headers
    assert "strict-transport-security" not in headers


async def test_pages_may_not_be_framed(client: httpx.AsyncClient):
    headers = (await client.get("/v1/page")).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"


async def test_https_is_insisted_on_only_over_https(client_of):
    async with client_of(base_url="https://localhost") as client:
        assert (await client.get("/v1/things")).headers["strict-transport-security"] == "max-age=31536000"


async def test_a_crash_is_answered_without_its_words(client: httpx.AsyncClient):
    response = await client.get("/v1/crash")
    assert response.status_code == 500
    assert "sauce" not in response.text
    assert response.headers["x-request-id"]
