from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, Response, get, post

from touchstone.errors import NotFound
from touchstone.http.errors import exception_handlers
from touchstone.http.etags import etag_of, etags, is_known

STATE = {"progress": 1}


@get("/jobs", opt={"etag": True})
async def read() -> dict[str, int]:
    return STATE


@get("/plain")
async def read_plain() -> dict[str, int]:
    return STATE


@get("/missing", opt={"etag": True})
async def read_missing() -> None:
    raise NotFound


@get("/cached", opt={"etag": True})
async def read_cached() -> Response[dict[str, int]]:
    return Response(STATE, headers={"cache-control": "public, max-age=60"})


@post("/jobs", opt={"etag": True})
async def write() -> dict[str, int]:
    return STATE


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    STATE["progress"] = 1
    handlers: list[Any] = [read, read_plain, read_missing, read_cached, write]
    app = Litestar(handlers, middleware=[etags], exception_handlers=exception_handlers)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://touchstone.test") as client:
        yield client


async def test_who_has_the_answer_already_gets_none(client: httpx.AsyncClient) -> None:
    first = await client.get("/jobs")
    assert first.status_code == 200
    again = await client.get("/jobs", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-type" not in again.headers


async def test_a_changed_answer_is_sent(client: httpx.AsyncClient) -> None:
    first = await client.get("/jobs")
    STATE["progress"] = 2
    again = await client.get("/jobs", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.json()) == (200, {"progress": 2})
    assert again.headers["etag"] != first.headers["etag"]


async def test_caches_are_told_to_ask_again_unless_the_handler_says_otherwise(client: httpx.AsyncClient) -> None:
    assert (await client.get("/jobs")).headers["cache-control"] == "private, no-cache"
    assert (await client.get("/cached")).headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize(("method", "path"), [("GET", "/plain"), ("GET", "/missing"), ("POST", "/jobs")])
async def test_other_answers_have_no_tag(client: httpx.AsyncClient, method: str, path: str) -> None:
    assert "etag" not in (await client.request(method, path, headers={"if-none-match": "*"})).headers


@pytest.mark.parametrize(
    ("offered", "known"),
    [(b"*", True), (b'"x", W/"a"', True), (b'"a"', True), (b'W/"b"', False), (b"", False), (b"a", False)],
)
def test_tags_are_compared_weakly(offered: bytes, known: bool) -> None:
    assert is_known(b'W/"a"', offered) is known


def test_the_same_body_has_the_same_tag() -> None:
    assert etag_of(b"{}") == etag_of(b"{}") != etag_of(b"[]")


LINK = '{"url":"http://h/objects/a.json?%s","status":"succeeded"}'


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("expires=1200000001&key_id=k&signature=a", "expires=1200000059&key_id=k&signature=b", True),
        ("expires=1200000001&signature=a", "expires=1200000061&signature=b", False),
        (
            "X-Amz-Algorithm=a&X-Amz-Date=20260101T101500Z&X=1",
            "X-Amz-Algorithm=a&X-Amz-Date=20260101T101559Z&X=2",
            True,
        ),
        ("X-Amz-Date=20260101T101500Z&X=1", "X-Amz-Date=20260101T101600Z&X=1", False),
        ("page=1", "page=2", False),
    ],
)
def test_a_signed_link_counts_by_the_minute(first: str, second: str, is_same: bool) -> None:
    assert (etag_of((LINK % first).encode()) == etag_of((LINK % second).encode())) is is_same


def test_what_stands_beside_a_signed_link_counts() -> None:
    link = LINK % "expires=1200000001&signature=a"
    assert etag_of(link.encode()) != etag_of(link.replace("succeeded", "failed").encode())
    assert etag_of(link.encode()) != etag_of(link.replace("a.json", "b.json").encode())
