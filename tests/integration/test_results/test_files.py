"""Files of test runners: JUnit XML, TAP, NDJSON; what is kept of them and what is refused."""

import hashlib
from typing import Any

import httpx
import pytest
from tests.conftest import BASE_URL
from tests.people import as_admin
from tests.recording import add_execution

from touchstone.adapters.local_store import LocalStore
from touchstone.database.executor import Database

JUNIT = b"""<?xml version="1.0"?>
<testsuites><testsuite name="smoke"><testcase classname="a" name="one"/>
<testcase classname="a" name="two"><failure message="broke">trace</failure></testcase></testsuite></testsuites>
"""
TAP = b"TAP version 14\n1..2\nok 1 - one\nnot ok 2 - two\n  ---\n  got: 1\n  ...\n"
JSON_LINES = b'{"name": "one", "status": "PASSED"}\n\n{"name": "two", "status": "FAILED", "io_log": "x"}\n'


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await as_admin(client, database)


@pytest.fixture
async def execution(database: Database) -> int:
    return await add_execution(database)


async def send(client: httpx.AsyncClient, execution: int, kind: str, body: bytes, **headers: str) -> httpx.Response:
    path = f"/api/v1/test-executions/{execution}/test-results"
    return await client.post(path, content=body, headers={"Content-Type": kind, **headers})


async def results(client: httpx.AsyncClient, execution: int) -> dict[str, Any]:
    listed = (await client.get(f"/api/v1/test-executions/{execution}/test-results")).json()
    return {one["name"]: (one["status"], one["comment"], one["io_log"]) for one in listed}


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/xml", JUNIT, {"a.one": ("PASSED", "", ""), "a.two": ("FAILED", "broke", "trace")}),
        ("text/xml; charset=utf-8", JUNIT, {"a.one": ("PASSED", "", ""), "a.two": ("FAILED", "broke", "trace")}),
        ("text/x-tap", TAP, {"one": ("PASSED", "", ""), "two": ("FAILED", "", "  ---\n  got: 1\n  ...")}),
        ("application/x-ndjson", JSON_LINES, {"one": ("PASSED", "", ""), "two": ("FAILED", "", "x")}),
    ],
)
async def test_a_file_is_read_and_kept_as_it_came(
    admin: httpx.AsyncClient, execution: int, kind: str, body: bytes, expected: dict[str, Any]
) -> None:
    answer = await send(admin, execution, kind, body)
    assert (answer.status_code, answer.content) == (200, b"null"), answer.text
    assert await results(admin, execution) == expected
    await send(admin, execution, kind, body)
    (file,) = (await admin.get(f"/api/v1/test-executions/{execution}/raw-results")).json()
    assert (file["digest"], file["size"]) == (hashlib.sha256(body).hexdigest(), len(body))
    assert file["media_type"] == kind.partition(";")[0]
    loaded = await admin.get(file["download_url"].removeprefix(BASE_URL))
    assert loaded.content == body
    assert loaded.headers["Content-Disposition"].startswith("attachment")


async def test_who_prefers_it_is_told_of_files_too(admin: httpx.AsyncClient, execution: int) -> None:
    answer = await send(
        admin, execution, "text/x-tap", TAP, **{"Prefer": "return=representation", "Idempotency-Key": "k"}
    )
    again = await send(
        admin, execution, "text/x-tap", TAP, **{"Prefer": "return=representation", "Idempotency-Key": "k"}
    )
    assert [(one["name"], one["outcome"]) for one in answer.json()] == [("one", "created"), ("two", "created")]
    assert again.json() == answer.json()


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<testsuite><testcase name="&c;"/></testsuite>
"""
OUTSIDE = b"""<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&file;"/></testsuite>"""
DEEP = b"<testsuite>" * 40
WIDE = b"<testsuite " + b" ".join(b'a%d="x"' % number for number in range(65)) + b"/>"
LONG_TAG = b'<testsuite>\n<testcase name="' + b"n" * 2_500_000


@pytest.mark.parametrize(
    ("kind", "body", "line", "words"),
    [
        ("text/xml", BOMB, 2, "document types and entities are not allowed"),
        ("text/xml", OUTSIDE, 2, "document types and entities are not allowed"),
        ("text/xml", DEEP, 1, "nested more than 32 deep"),
        ("text/xml", WIDE, 1, "more than 64 attributes"),
        ("text/xml", LONG_TAG, 2, "a tag or comment is longer than"),
        ("text/xml", b"<html>\n</html>", 1, "it begins with <html>"),
        ("text/xml", b"<testsuite>\n\n<testcase>", 3, "no element found"),
        ("text/xml", b"<testsuite>\n&nbsp;</testsuite>", 2, "undefined entity"),
        ("text/xml", b"", 1, "no element found"),
        ("text/xml", b'<?xml version="1.0" encoding="klingon"?><testsuite/>', 1, "encoding"),
        ("text/xml", b"<testsuite>\x00</testsuite>", 1, "not well-formed"),
        ("text/x-tap", b"<html>\n<body>", 2, "neither a plan nor a test"),
        ("text/x-tap", b"TAP version 99\n1..1\nok\n", 1, "TAP version 99 is unknown"),
        ("text/x-tap", b"1..1\nok \0\n", 2, "NUL"),
        ("text/x-tap", b"1..1\nok\n# " + b"x" * 2**20, 3, "longer than"),
    ],
)
async def test_a_hostile_or_broken_file_is_refused_by_its_line(
    admin: httpx.AsyncClient, execution: int, store: LocalStore, kind: str, body: bytes, line: int, words: str
) -> None:
    answer = await send(admin, execution, kind, body)
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert fault["loc"] == ["body", line]
    assert f"Line {line} of the file cannot be used" in fault["msg"]
    assert words in fault["msg"]
    assert await results(admin, execution) == {}
    assert [one async for one in store.list("test-results/")] == []


async def test_every_faulty_line_of_results_is_named(admin: httpx.AsyncClient, execution: int) -> None:
    first, second = b'{"name": "a", "status": "PASSED"}', b'{"name": 1, "status": "no"}'
    last = b'{"name": "b\\u0000", "status": "PASSED"}'
    body = b"\n".join([first, second, b"", b"{oops", last])
    answer = await send(admin, execution, "application/x-ndjson", body)
    assert [(one["loc"], one["type"]) for one in answer.json()["detail"]] == [
        (["body", 2, "name"], "string_type"),
        (["body", 2, "status"], "enum"),
        (["body", 4, 1], "json_invalid"),
        (["body", 5, "name"], "value_error"),
    ]
    assert answer.status_code == 422


async def test_a_file_of_an_execution_that_is_not_there_is_not_kept(
    admin: httpx.AsyncClient, store: LocalStore
) -> None:
    assert (await send(admin, 4711, "text/x-tap", TAP)).status_code == 404
    assert [one async for one in store.list("test-results/")] == []


async def test_other_media_types_are_refused_as_ever(admin: httpx.AsyncClient, execution: int) -> None:
    assert (await send(admin, execution, "text/plain", TAP)).status_code == 422
