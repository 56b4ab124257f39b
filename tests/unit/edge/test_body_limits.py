from collections.abc import AsyncIterator

import pytest

from touchstone.http.body_limits import BodyLimits, UploadLimit
from touchstone.http.edge import EdgeSettings

SMALL = EdgeSettings(max_body_bytes=100)


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 10


async def test_a_body_at_the_limit_passes(client_of):
    async with client_of(SMALL) as client:
        assert (await client.post("/v1/things", content=b"x" * 100)).json() == {"bytes": 100}
        assert (await client.post("/v1/things", content=pieces(10))).json() == {"bytes": 100}


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_past_the_limit_is_refused_declared_or_chunked(client_of, declared: bool):
    async with client_of(SMALL) as client:
        response = await client.post("/v1/things", content=b"x" * 101 if declared else pieces(11))
    assert response.status_code == 413
    body = response.json()
    assert body["detail"] == "The request body exceeds the limit of 100 bytes"
    assert (body["code"], body["title"]) == ("body_too_large", "Request Entity Too Large")
    assert body["request_id"] == response.headers["x-request-id"]


async def test_whoever_wants_problem_details_gets_them_from_the_edge_too(client_of):
    async with client_of(SMALL) as client:
        asked = {"accept": "application/problem+json"}
        response = await client.post("/v1/things", content=b"x" * 101, headers=asked)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["instance"] == "/api/v1/things"


async def test_a_length_that_does_not_fit_a_number_is_refused(client_of):
    async with client_of(SMALL) as client:
        response = await client.post("/v1/things", content=b"x", headers={"content-length": "9" * 40})
    assert response.status_code == 413


@pytest.mark.parametrize("path", ["/v1/things", "/api/v1/things/"])
async def test_uploads_have_a_limit_and_words_of_their_own(client_of, path: str):
    uploads = UploadLimit("/api/v1/things/", 1000, "Dataset upload exceeds the 50.0MB limit")
    async with client_of(EdgeSettings(max_body_bytes=100, upload_limits=(uploads,))) as client:
        assert (await client.post(path, content=b"x" * 1000)).status_code == 201
        refused = [await client.post(path, content=content) for content in (b"x" * 1001, b"x" * 9999, pieces(101))]
    assert [response.status_code for response in refused] == [413] * 3
    assert {response.json()["detail"] for response in refused} == {"Dataset upload exceeds the 50.0MB limit"}


@pytest.mark.parametrize(
    ("path", "limit"), [("/a/7/c", 50), ("/a/b/c/", 50), ("/a/b/d", 10), ("/a/c", 10), ("/a/b/c/d", 10), ("/a//c", 50)]
)
def test_a_star_stands_for_any_part_of_a_path(path: str, limit: int):
    assert BodyLimits(10, [UploadLimit("/a/*/c", 50)]).of(path).max_bytes == limit


class Sender:
    """A client that counts how much of its body was read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.statuses: list[int] = []

    async def receive(self) -> dict[str, object]:
        self.left -= 10
        return {"type": "http.request", "body": b"x" * 10, "more_body": self.left > 0}

    async def send(self, message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])


@pytest.mark.parametrize(
    ("size", "extra", "left"), [(150, {}, 0), (100_000, {}, 100_000), (150, {"expect": "100-continue"}, 150)]
)
async def test_a_body_that_is_a_little_too_large_is_read_to_its_end(client_of, size: int, extra: dict, left: int):
    async with client_of(SMALL) as client:
        request = client.build_request("POST", "/v1/things", headers={"content-length": str(size), **extra})
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        scope = {
            "type": "http", "method": "POST", "path": "/v1/things", "raw_path": b"/v1/things", "query_string": b"",
            "headers": headers, "scheme": "http", "client": ("127.0.0.1", 1), "server": ("localhost", 80),
            "http_version": "1.1", "asgi": {"version": "3.0"},
        }  # fmt: skip
        sender = Sender(size)
        await client._transport.app(scope, sender.receive, sender.send)
    assert sender.statuses == [413]
    assert sender.left == left
