"""GET and PATCH of one execution, its links, and PUT /test-executions/end-test."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.integration.test_executions.conftest import count, snap, started

from touchstone.database.executor import Database

EXECUTIONS = "/api/v1/test-executions"
LINK = "http://ci.example.test/7"


def result(name: str, status: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "status": status, "category": "", "comment": "", "io_log": "", **fields}


@pytest.fixture
async def execution(recorder: httpx.AsyncClient) -> str:
    return f"{EXECUTIONS}/{await started(recorder, snap(ci_link=LINK))}"


async def test_a_caller_without_permission_is_refused(client: httpx.AsyncClient, execution: str) -> None:
    assert (await client.get(execution)).status_code == 403
    assert (await client.patch(execution, json={"status": "PASSED"})).status_code == 403
    assert (await client.post(f"{execution}/links", json={})).status_code == 403
    assert (await client.put(f"{EXECUTIONS}/end-test", json={})).status_code == 403


async def test_an_execution_is_shown(recorder: httpx.AsyncClient, execution: str) -> None:
    shown = (await recorder.get(execution)).json()
    assert shown["status"] == "IN_PROGRESS"
    assert (shown["ci_link"], shown["c3_link"], shown["test_plan"]) == (LINK, None, "smoke")
    assert (shown["environment"]["name"], shown["environment"]["architecture"]) == ("laptop", "amd64")
    assert (shown["is_triaged"], shown["is_rerun_requested"], shown["rerun_priority"]) == (True, False, None)


@pytest.mark.parametrize("path", ["/9", "/9/status_update"])
async def test_an_unknown_execution_is_not_found(recorder: httpx.AsyncClient, path: str) -> None:
    answer = await recorder.get(EXECUTIONS + path)
    assert (answer.status_code, answer.json()["detail"]) == (404, "TestExecution not found")


async def test_a_change_leaves_what_is_null(recorder: httpx.AsyncClient, execution: str) -> None:
    await recorder.patch(execution, json={"c3_link": "http://c3.example.test"})
    changed = (await recorder.patch(execution, json={"status": "NOT_TESTED", "c3_link": None})).json()
    assert (changed["status"], changed["c3_link"], changed["ci_link"]) == (
        "NOT_TESTED",
        "http://c3.example.test/",
        LINK,
    )


@pytest.mark.parametrize(
    ("posted", "status"),
    [([], "ENDED_PREMATURELY"), (["SKIPPED"], "PASSED"), (["PASSED", "SKIPPED"], "PASSED"), (["FAILED"], "FAILED")],
)
async def test_completed_is_what_the_results_say(
    recorder: httpx.AsyncClient, execution: str, posted: list[str], status: str
) -> None:
    results = [{"name": f"case {place}", "status": word} for place, word in enumerate(posted)]
    assert (await recorder.post(f"{execution}/test-results", json=results)).status_code == 200
    changed = await recorder.patch(execution, json={"status": "COMPLETED", "ci_link": None})
    assert changed.json()["status"] == status


async def test_metadata_is_added_to_what_is_there(
    recorder: httpx.AsyncClient, execution: str, database: Database
) -> None:
    await recorder.patch(execution, json={"execution_metadata": {"kernel": ["6.8", "6.8"], "empty": []}})
    changed = await recorder.patch(execution, json={"execution_metadata": {"kernel": ["6.11"], "bios": ["a"]}})
    assert changed.json()["execution_metadata"] == {"bios": ["a"], "kernel": ["6.11", "6.8"]}
    listed = (await recorder.get("/api/v1/execution-metadata")).json()
    assert listed == {"execution_metadata": {"bios": ["a"], "kernel": ["6.11", "6.8"]}}
    assert await count(database, "execution_metadata") == 3


async def test_a_ci_link_of_another_execution_is_refused(recorder: httpx.AsyncClient, execution: str) -> None:
    other = await started(recorder, snap())
    answer = await recorder.patch(f"{EXECUTIONS}/{other}", json={"ci_link": LINK})
    assert (answer.status_code, answer.json()["detail"]) == (409, "Another test execution has this CI link")


async def test_who_read_an_old_edition_does_not_write_over_a_new_one(
    recorder: httpx.AsyncClient, execution: str
) -> None:
    read = (await recorder.get(execution)).headers["etag"]
    matched = await recorder.patch(execution, json={"status": "PASSED"}, headers={"If-Match": read})
    assert matched.status_code == 200
    assert matched.headers["etag"] != read
    late = await recorder.patch(execution, json={"status": "FAILED"}, headers={"If-Match": read})
    assert late.status_code == 412
    assert (await recorder.get(execution)).json()["status"] == "PASSED"


async def test_a_link_is_added_once_and_taken_off(recorder: httpx.AsyncClient, execution: str) -> None:
    first = await recorder.post(f"{execution}/links", json={"label": "log", "url": "http://H"})
    again = await recorder.post(f"{execution}/links", json={"label": "log", "url": "http://h/"})
    assert first.status_code == 200
    assert first.json() == again.json() == {"id": first.json()["id"], "label": "log", "url": "http://h/"}
    assert (await recorder.get(execution)).json()["relevant_links"] == [first.json()]
    taken = await recorder.delete(f"{execution}/links/{first.json()['id']}")
    assert (taken.status_code, taken.content) == (204, b"")
    assert (await recorder.get(execution)).json()["relevant_links"] == []


async def test_an_unknown_link_is_not_found(recorder: httpx.AsyncClient, execution: str) -> None:
    other = f"{EXECUTIONS}/{await started(recorder, snap())}"
    link = await recorder.post(f"{other}/links", json={"label": "log", "url": "http://h"})
    answer = await recorder.delete(f"{execution}/links/{link.json()['id']}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Link not found")


async def test_end_test_replaces_all_results(recorder: httpx.AsyncClient, execution: str) -> None:
    await recorder.post(f"{execution}/test-results", json=[{"name": "old", "status": "FAILED"}])
    body = {
        "ci_link": LINK,
        "c3_link": "http://c3.example.test",
        "checkbox_version": "4.0",
        "test_results": [result("boots", "pass"), result("sleeps", "fail"), result("boots", "skip")],
    }
    ended = await recorder.put(f"{EXECUTIONS}/end-test", json=body)
    assert (ended.status_code, ended.json()) == (200, None)
    shown = (await recorder.get(execution)).json()
    assert (shown["status"], shown["c3_link"]) == ("FAILED", "http://c3.example.test/")
    listed = (await recorder.get(f"{execution}/test-results")).json()
    assert [(one["name"], one["status"]) for one in listed] == [
        ("boots", "PASSED"),
        ("sleeps", "FAILED"),
        ("boots", "SKIPPED"),
    ]


async def test_end_test_without_results_passes_and_keeps_the_c3_link(
    recorder: httpx.AsyncClient, execution: str, database: Database
) -> None:
    await recorder.patch(execution, json={"c3_link": "http://c3.example.test"})
    await database.execute("update test_execution set checkbox_version = '4.0'")
    await recorder.put(f"{EXECUTIONS}/end-test", json={"ci_link": LINK, "test_results": []})
    shown = (await recorder.get(execution)).json()
    assert (shown["status"], shown["c3_link"]) == ("PASSED", "http://c3.example.test/")
    assert await database.fetch_value("select checkbox_version from test_execution") is None


@pytest.mark.parametrize("raw", ["http://ci.example.test", "http://ci.example.test/a b"])
async def test_end_test_finds_an_execution_whose_ci_link_was_normalised(recorder: httpx.AsyncClient, raw: str) -> None:
    execution = await started(recorder, snap())
    await recorder.patch(f"{EXECUTIONS}/{execution}", json={"ci_link": raw})
    ended = await recorder.put(f"{EXECUTIONS}/end-test", json={"ci_link": raw, "test_results": []})
    assert ended.status_code == 200


async def test_end_test_of_an_unknown_ci_link_is_not_found(recorder: httpx.AsyncClient) -> None:
    answer = await recorder.put(f"{EXECUTIONS}/end-test", json={"ci_link": LINK, "test_results": []})
    assert (answer.status_code, answer.json()["detail"]) == (404, "Related TestExecution not found")


async def test_what_ends_is_told_once(recorder: httpx.AsyncClient, execution: str, database: Database) -> None:
    await recorder.patch(execution, json={"status": "PASSED"})
    await recorder.patch(execution, json={"status": "PASSED"})
    assert await count(database, "outbox where event = 'execution.ended'") == 1


async def test_metadata_that_comes_at_once_in_any_order_is_all_there(
    recorder: httpx.AsyncClient, database: Database
) -> None:
    words = [f"word {place}" for place in range(20)]
    paths = [f"{EXECUTIONS}/{await started(recorder, snap())}" for _ in range(8)]
    bodies = [{"execution_metadata": {"kernel": words[turn:] + words[:turn]}} for turn in range(8)]
    changes = [recorder.patch(path, json=body) for path, body in zip(paths, bodies, strict=True)]
    assert {answer.status_code for answer in await asyncio.gather(*changes)} == {200}
    assert await count(database, "execution_metadata") == 20
    assert await count(database, "test_execution_metadata") == 160
