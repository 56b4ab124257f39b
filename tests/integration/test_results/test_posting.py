"""`/test-executions/{id}/test-results`: who may, what comes back, what is refused."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.people import as_admin, as_application, as_user
from tests.recording import add_execution, add_issue, add_rule, attach, result_ids

from touchstone.database.executor import Database

BOOTS = {"name": "boots", "status": "PASSED"}
WANTED = {"Prefer": "return=representation"}


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await as_admin(client, database)


@pytest.fixture
async def execution(database: Database) -> int:
    return await add_execution(database)


def path(execution: int | str, tail: str = "test-results") -> str:
    return f"/api/v1/test-executions/{execution}/{tail}"


async def read(client: httpx.AsyncClient, execution: int) -> list[dict[str, Any]]:
    answer = await client.get(path(execution))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("method", "tail", "right"),
    [
        ("POST", "test-results", "change_test"),
        ("GET", "test-results", "view_test"),
        ("GET", "raw-results", "view_test"),
    ],
)
async def test_a_caller_without_permission_is_refused_before_anything_is_looked_at(
    client: httpx.AsyncClient, database: Database, method: str, tail: str, right: str
) -> None:
    for other in (client, await as_user(client, database, "view_artefact")):
        answer = await other.request(method, path("x", tail), json={"no": "list"})
        assert (answer.status_code, answer.json()["detail"]) == (403, "Insufficient permissions")
        hostile = await other.request(method, path(1, tail), content=b"<!", headers={"Content-Type": "text/xml"})
        assert hostile.status_code == 403
    allowed = await as_application(client, database, right)
    assert (await allowed.request(method, path(4711, tail), json=[])).status_code == 404


async def test_results_are_posted_and_read(admin: httpx.AsyncClient, execution: int) -> None:
    boots = BOOTS | {"category": "c", "template_id": "t", "comment": "fine", "io_log": "ok\n", "unknown": 1}
    answer = await admin.post(path(execution), json=[boots, {"name": "", "status": "SKIPPED"}])
    assert (answer.status_code, answer.content) == (200, b"null")
    first, second = await read(admin, execution)
    assert first | {"id": 0, "created_at": ""} == {
        "id": 0,
        "name": "boots",
        "category": "c",
        "template_id": "t",
        "status": "PASSED",
        "comment": "fine",
        "io_log": "ok\n",
        "created_at": "",
        "issues": [],
        "previous_results": [],
    }
    assert (second["name"], second["status"], second["io_log"]) == ("", "SKIPPED", "")
    assert first["id"] < second["id"]
    assert len(first["created_at"]) == len("2026-11-22T02:23:33.038873")


async def test_clients_of_old_find_the_route_without_prefix(admin: httpx.AsyncClient, execution: int) -> None:
    posted = await admin.post(f"/v1/test-executions/{execution}/test-results", json=[BOOTS])
    assert (posted.status_code, posted.content) == (200, b"null")


async def test_no_results_are_no_fault(admin: httpx.AsyncClient, execution: int) -> None:
    answer = await admin.post(path(execution), json=[])
    assert (answer.status_code, answer.content) == (200, b"null")
    assert await read(admin, execution) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_execution_is_not_found(admin: httpx.AsyncClient, method: str) -> None:
    answer = await admin.request(method, path(4711), json=[BOOTS])
    assert (answer.status_code, answer.json()["detail"]) == (404, "TestExecution not found")
    assert (await admin.get(path(4711, "raw-results"))).status_code == 404


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        (BOOTS, ["body"], "list_type"),
        (None, ["body"], "missing"),
        ([{"status": "PASSED"}], ["body", 0, "name"], "missing"),
        ([BOOTS, {"name": "x"}], ["body", 1, "status"], "missing"),
        ([{"name": "x", "status": "pass"}], ["body", 0, "status"], "enum"),
        ([BOOTS | {"comment": "\0"}], ["body", 0, "comment"], "value_error"),
        ([BOOTS, BOOTS | {"name": "n" * 2601}], ["body", 1, "name"], "value_error"),
        ([BOOTS | {"template_id": "n" * 2601}], ["body", 0, "template_id"], "value_error"),
        ([BOOTS | {"io_log": "l" * (4 * 2**20 + 1)}], ["body", 0, "io_log"], "value_error"),
    ],
)
async def test_what_cannot_be_is_a_validation_error(
    admin: httpx.AsyncClient, execution: int, body: Any, place: list[Any], kind: str
) -> None:
    answer = await admin.post(path(execution), json=body)
    assert answer.status_code == 422
    assert (answer.json()["detail"][0]["loc"], answer.json()["detail"][0]["type"]) == (place, kind)
    assert await read(admin, execution) == []


async def test_who_prefers_it_is_told_what_became_of_each_result(admin: httpx.AsyncClient, execution: int) -> None:
    await admin.post(path(execution), json=[BOOTS])
    answer = await admin.post(
        path(execution), json=[{"name": "audio", "status": "FAILED"}, BOOTS, BOOTS], headers=WANTED
    )
    ids = {one["name"]: one["id"] for one in await read(admin, execution)}
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert answer.json() == [
        {"name": "audio", "status": "FAILED", "outcome": "created", "id": ids["audio"]},
        {"name": "boots", "status": "PASSED", "outcome": "superseded", "id": None},
        {"name": "boots", "status": "PASSED", "outcome": "replaced", "id": ids["boots"]},
    ]


async def test_a_key_makes_a_posting_safe_to_repeat(admin: httpx.AsyncClient, execution: int) -> None:
    headers = WANTED | {"Idempotency-Key": "once"}
    first = await admin.post(path(execution), json=[BOOTS], headers=headers)
    again = await admin.post(path(execution), json=[BOOTS], headers=headers)
    assert (again.json(), again.status_code) == (first.json(), 200)
    other = await admin.post(path(execution), json=[], headers=headers)
    assert other.status_code == 422


async def test_issues_are_shown_with_the_rule_that_attached_them(
    admin: httpx.AsyncClient, database: Database, execution: int
) -> None:
    by_rule, by_hand = await add_issue(database, "7"), await add_issue(database, "8")
    rule = await add_rule(database, by_rule, test_case_names=["boots"])
    await admin.post(path(execution), json=[BOOTS])
    await attach(database, by_hand, (await result_ids(database, execution))["boots"])
    shown = (await read(admin, execution))[0]["issues"]
    assert [(one["issue"]["url"], one["attachment_rule"] and one["attachment_rule"]["id"]) for one in shown] == [
        ("https://github.com/a/b/issues/7", rule),
        ("https://github.com/a/b/issues/8", None),
    ]


async def test_what_people_attached_stays_when_a_result_is_reported_again(
    admin: httpx.AsyncClient, database: Database, execution: int
) -> None:
    await admin.post(path(execution), json=[BOOTS | {"status": "FAILED"}])
    await attach(database, await add_issue(database, "8"), (await result_ids(database, execution))["boots"])
    await admin.post(path(execution), json=[BOOTS])
    (shown,) = await read(admin, execution)
    assert (shown["status"], [one["issue"]["key"] for one in shown["issues"]]) == ("PASSED", ["8"])


async def test_two_posters_at_once_both_leave_their_results(admin: httpx.AsyncClient, execution: int) -> None:
    ours = [{"name": f"case {number}", "status": "PASSED"} for number in range(30)]
    theirs = [{"name": f"case {number}", "status": "FAILED"} for number in range(20, 50)][::-1]
    answers = await asyncio.gather(*(admin.post(path(execution), json=body) for body in (ours, theirs) * 3))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(one["name"] for one in await read(admin, execution)) == sorted(f"case {n}" for n in range(50))
