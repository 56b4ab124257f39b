"""Who changed what, over HTTP."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.integration.audit_events.recording import ROBOT, record
from tests.people import as_user

from touchstone.database.executor import Database
from touchstone.http.caller import Caller, Principal

EVENTS = "/api/v1/audit-events"


@pytest.fixture
async def auditor(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await as_user(client, database, "view_audit_event")


async def test_a_caller_without_the_permission_reads_nothing(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.get(EVENTS)).status_code == 403
    other = await as_user(client, database, "view_user", "change_user")
    assert (await other.get(EVENTS)).status_code == 403


async def test_an_event_says_who_by_what_credential_and_from_which_request(
    auditor: httpx.AsyncClient, database: Database
) -> None:
    await record(database)
    [event] = (await auditor.get(EVENTS)).json()["items"]
    assert {**event, "id": 0, "at": ""} == {
        "id": 0,
        "at": "",
        "actor": "user:3",
        "actor_name": "Mark",
        "credential": "session:12",
        "request_id": "a-request",
        "action": "change_team",
        "subject": "team:1",
        "before": {"n": 0},
        "after": {"n": "ü"},
    }
    assert datetime.now(UTC) - datetime.fromisoformat(event["at"]) < timedelta(minutes=5)


async def test_a_key_beside_a_session_is_noted_too(auditor: httpx.AsyncClient, database: Database) -> None:
    both = Caller(Principal(user_id=3, session_id=12, application_id=5, user_name="Mark", application_name="robot"))
    await record(database, caller=both)
    [event] = (await auditor.get(EVENTS)).json()["items"]
    assert (event["actor"], event["credential"]) == ("user:3", "session:12 application:5")


async def test_pages_lead_through_all_events_once_newest_first(auditor: httpx.AsyncClient, database: Database) -> None:
    await record(database, 7)
    seen, url = [], f"{EVENTS}?limit=3"
    sizes = []
    while url:
        answer = await auditor.get(url)
        body = answer.json()
        sizes.append(len(body["items"]))
        seen += [event["id"] for event in body["items"]]
        await record(database)  # what comes meanwhile moves no page
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        assert bool(url) == (body["next_cursor"] is not None)
    assert sizes == [3, 3, 1]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 7


async def test_filters_narrow_the_list(auditor: httpx.AsyncClient, database: Database) -> None:
    await record(database, subject="team:1")
    await record(database, caller=ROBOT, subject="team:2")
    middle = await database.fetch_value("select max(at) from audit_event")

    async def subjects(**filters: str) -> list[str]:
        answer = await auditor.get(EVENTS, params=filters)
        return [event["subject"] for event in answer.json()["items"]]

    assert await subjects(actor="application:5") == ["team:2"]
    assert await subjects(subject="team:1") == ["team:1"]
    assert await subjects(action="change_team") == ["team:2", "team:1"]
    assert await subjects(action="nothing") == []
    assert await subjects(actor="user:3", subject="team:2") == []
    assert await subjects(since=middle.isoformat()) == ["team:2"]
    assert await subjects(until=middle.isoformat()) == ["team:1"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=nonsense", "since=yesterday"])
async def test_what_is_no_page_is_refused(auditor: httpx.AsyncClient, query: str) -> None:
    assert (await auditor.get(f"{EVENTS}?{query}")).status_code == 422


async def test_events_cannot_be_written_over_http(auditor: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await auditor.request(method, EVENTS)).status_code == 405
