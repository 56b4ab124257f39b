"""`/test-cases`."""

from typing import Any

import httpx
import pytest
from tests.people import as_admin, as_user
from tests.recording import add_execution

from touchstone.database.executor import Database

PATH = "/api/v1/test-cases"


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    found = await as_admin(client, database)
    for family, name, template in (("snap", "b_oots", "t"), ("deb", "Audio", ""), ("model", "sums", "")):
        execution = await add_execution(database, family=family)
        body = [{"name": name, "template_id": template, "status": "PASSED"}, {"name": "zoo", "status": "FAILED"}]
        await found.post(f"/api/v1/test-executions/{execution}/test-results", json=body)
    return found


async def listed(client: httpx.AsyncClient, query: dict[str, Any]) -> list[str]:
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return [one["test_case"] for one in answer.json()["test_cases"]]


async def test_a_caller_without_permission_is_refused(client: httpx.AsyncClient, database: Database) -> None:
    for other in (client, await as_user(client, database, "change_test")):
        assert (await other.get(PATH, params={"limit": 0})).status_code == 403


async def test_test_cases_come_by_name_with_their_templates(admin: httpx.AsyncClient) -> None:
    answer = (await admin.get(PATH)).json()
    assert answer == {
        "test_cases": [
            {"test_case": "Audio", "template_id": ""},
            {"test_case": "b_oots", "template_id": "t"},
            {"test_case": "sums", "template_id": ""},
            {"test_case": "zoo", "template_id": ""},
        ]
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "OO"}, ["b_oots", "zoo"]),
        ({"q": "oo", "families": "deb"}, ["zoo"]),
        ({"families": ["snap", "deb"]}, ["Audio", "b_oots", "zoo"]),
        ({"families": "model"}, ["sums", "zoo"]),
        ({"families": "charm"}, []),
        ({"limit": 2, "offset": 1}, ["b_oots", "sums"]),
        ({"q": ""}, ["Audio", "b_oots", "sums", "zoo"]),
    ],
)
async def test_test_cases_are_filtered_and_paged(
    admin: httpx.AsyncClient, query: dict[str, Any], names: list[str]
) -> None:
    assert await listed(admin, query) == names


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"offset": -1}, {"families": "fish"}, {"q": "\0"}])
async def test_what_cannot_be_is_a_validation_error(admin: httpx.AsyncClient, query: dict[str, Any]) -> None:
    assert (await admin.get(PATH, params=query)).status_code == 422
