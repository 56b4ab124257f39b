"""Asking for reruns, listing them, taking them back; and who may."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import httpx
import msgspec
import pytest
from tests import people
from tests.conftest import replaced, serving
from tests.recording import add_execution

from touchstone.database.executor import Database
from touchstone.domains.reruns.schemas import PendingRerun
from touchstone.settings import Settings

PATH = "/api/v1/test-executions/reruns"


@pytest.fixture
async def closed(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """A service that is open to nobody."""
    async with serving(replaced(settings, ignore_permissions=())) as client:
        yield client


@pytest.fixture
async def scheduler(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await people.as_application(client, database, "view_rerun", "change_rerun", "change_rerun_bulk")


async def ask(client: httpx.AsyncClient, body: dict[str, Any], silent: bool = False) -> httpx.Response:
    return await client.post(PATH, json=body, params={"silent": silent})


async def take_back(client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    return await client.request("DELETE", PATH, json=body)


async def pending(client: httpx.AsyncClient, **params: Any) -> list[PendingRerun]:
    answer = await client.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return msgspec.convert(answer.json(), list[PendingRerun])


async def executions_of(client: httpx.AsyncClient, **params: Any) -> list[int]:
    return [one.test_execution_id for one in await pending(client, **params)]


async def test_reruns_are_for_who_may_change_them(closed: httpx.AsyncClient, database: Database) -> None:
    execution = await add_execution(database)
    body = {"test_execution_ids": [execution]}
    for stranger in closed, await people.as_user(closed, database, "view_rerun"):
        for answer in (
            await ask(stranger, body),
            await ask(stranger, body, silent=True),
            await take_back(stranger, body),
        ):
            assert (answer.status_code, answer.json()["detail"]) == (403, "Insufficient permissions")
    assert (await closed.get(PATH)).status_code == 403


async def test_a_request_that_makes_no_sense_is_refused_before_who_sends_it(closed: httpx.AsyncClient) -> None:
    assert (await ask(closed, {"test_execution_ids": ["x"]})).status_code == 422
    assert (await ask(closed, {"test_executions_filters": {}}, silent=True)).status_code == 422
    assert (await closed.request("DELETE", PATH)).status_code == 422


async def test_a_request_stands_for_the_group_and_shows_its_newest_execution(
    scheduler: httpx.AsyncClient, database: Database
) -> None:
    older, newer = [await add_execution(database, version="1") for _ in range(2)]
    answer = await ask(scheduler, {"test_execution_ids": [older, newer]})
    assert answer.status_code == 200
    first, second = answer.json()
    assert first == second
    (listed,) = await pending(scheduler)
    assert listed == msgspec.convert(first, PendingRerun)
    assert (listed.test_execution_id, listed.family, listed.priority) == (newer, "snap", 0)
    assert listed.test_execution.is_rerun_requested
    assert listed.claimed_until is None


async def test_some_that_are_unknown_are_told_by_the_status(scheduler: httpx.AsyncClient, database: Database) -> None:
    execution = await add_execution(database)
    answer = await ask(scheduler, {"test_execution_ids": [execution, 0]})
    assert (answer.status_code, len(answer.json())) == (207, 1)
    for nothing in {"test_execution_ids": [0]}, {}:
        refused = await ask(scheduler, nothing)
        assert (refused.status_code, refused.json()["detail"]) == (
            404,
            "Didn't find test executions with provided ids",
        )


async def test_filters_ask_silently(scheduler: httpx.AsyncClient, database: Database) -> None:
    core, curl = await add_execution(database, name="core"), await add_execution(database, name="curl")
    await add_execution(database, name="other")
    loud = await ask(scheduler, {"test_executions_filters": {"artefacts": ["core"]}})
    assert (loud.status_code, loud.json()["detail"]) == (
        422,
        "Creating rerun requests from filters must be done silently",
    )
    filters = {"test_executions_filters": {"artefacts": ["core"], "limit": 0}, "test_execution_ids": [curl, 0]}
    answer = await ask(scheduler, filters, silent=True)
    assert (answer.status_code, answer.json()) == (200, None)
    assert await executions_of(scheduler) == [core, curl]
    for nothing in {}, {"test_execution_ids": [0]}:
        assert (await ask(scheduler, nothing, silent=True)).status_code == 200


async def test_results_select_the_executions_that_they_belong_to(
    scheduler: httpx.AsyncClient, database: Database
) -> None:
    failed, _passed = [await with_result(database, status) for status in ("FAILED", "PASSED")]
    filters = {"test_results_filters": {"test_result_statuses": ["FAILED"]}}
    assert (await ask(scheduler, filters, silent=True)).status_code == 200
    assert await executions_of(scheduler) == [failed]
    newest_first = {"test_results_filters": {"test_result_statuses": ["FAILED", "PASSED"], "limit": 1}}
    await take_back(scheduler, newest_first)
    assert await executions_of(scheduler) == [failed]
    await take_back(scheduler, filters)
    assert await executions_of(scheduler) == []


async def with_result(database: Database, status: str) -> int:
    execution = await add_execution(database, name=status)
    await database.execute(
        """
        with tested as (
            insert into test_case (name) values ('boots') on conflict (name) do update set name = 'boots' returning id
        )
        insert into test_result (test_execution_id, test_case_id, status) select $1, id, $2 from tested
        """,
        execution,
        status,
    )
    return execution


@pytest.mark.parametrize(
    ("name", "filters", "status"),
    [
        ("test_results_filters", {}, 422),
        ("test_results_filters", {"from_date": "2026-01-01", "limit": 3, "offset": 1}, 422),
        ("test_results_filters", {"issues": "any"}, 200),
        ("test_executions_filters", {}, 422),
        ("test_executions_filters", {"event_names": ["job_end"]}, 422),
        ("test_executions_filters", {"from_date": "2026-01-01"}, 200),
        ("test_executions_filters", {"artefact_is_archived": False}, 200),
    ],
)
async def test_a_filter_has_to_ask_for_something(
    name: str, filters: dict[str, Any], status: int, scheduler: httpx.AsyncClient
) -> None:
    for answer in await ask(scheduler, {name: filters}, silent=True), await take_back(scheduler, {name: filters}):
        assert answer.status_code == status
        if status == 422:
            assert answer.json()["detail"] == f"At least one filter must be provided in {name}"


async def test_priority_is_set_when_it_is_given(scheduler: httpx.AsyncClient, database: Database) -> None:
    first, second = await add_execution(database), await add_execution(database)
    await ask(scheduler, {"test_execution_ids": [first]})
    await ask(scheduler, {"test_execution_ids": [second], "priority": 5})
    assert await executions_of(scheduler) == [second, first]
    await ask(scheduler, {"test_execution_ids": [second]})
    assert [one.priority for one in await pending(scheduler)] == [5, 0]
    await ask(scheduler, {"test_execution_ids": [first, second], "priority": -1}, silent=True)
    assert [one.priority for one in await pending(scheduler)] == [-1, -1]
    assert (await ask(scheduler, {"test_execution_ids": [first], "priority": 1_000_001})).status_code == 422


async def test_the_list_is_narrowed_by_what_is_exactly_so(scheduler: httpx.AsyncClient, database: Database) -> None:
    snap = await add_execution(database, environment="laptop", architecture="amd64")
    deb = await add_execution(database, family="deb", environment="cloud", architecture="arm64")
    await ask(scheduler, {"test_execution_ids": [snap, deb]})
    assert await executions_of(scheduler) == [snap, deb]
    assert await executions_of(scheduler, limit=1) == [snap]
    assert await executions_of(scheduler, limit=0) == []
    assert await executions_of(scheduler, family="deb") == [deb]
    assert await executions_of(scheduler, environment="laptop") == [snap]
    assert await executions_of(scheduler, environment="lap") == []
    assert await executions_of(scheduler, environment_architecture="arm64") == [deb]
    assert await executions_of(scheduler, build_architecture="amd64", family="deb") == []
    assert (await scheduler.get(PATH, params={"limit": -1})).status_code == 422


async def test_requests_are_taken_back_by_any_execution_of_the_group(
    scheduler: httpx.AsyncClient, database: Database
) -> None:
    older, newer = [await add_execution(database, version="1") for _ in range(2)]
    await ask(scheduler, {"test_execution_ids": [newer]})
    answer = await take_back(scheduler, {"test_execution_ids": [older, 0]})
    assert (answer.status_code, answer.json()) == (200, None)
    assert await executions_of(scheduler) == []
    assert (await take_back(scheduler, {"test_execution_ids": [older]})).status_code == 200
    actions: Sequence[str] = await database.fetch_value("select array_agg(action order by id) from audit_event")
    assert actions == ["create_rerun_requests", "delete_rerun_requests"]


async def test_to_change_many_is_a_permission_of_its_own(closed: httpx.AsyncClient, database: Database) -> None:
    first, second = await add_execution(database), await add_execution(database)
    user = await people.as_user(closed, database, "change_rerun")
    assert (await ask(user, {"test_execution_ids": [first]})).status_code == 200
    many = [{"test_execution_ids": [first, second]}, {"test_executions_filters": {"artefacts": ["core"]}}]
    for body in many:
        assert (await ask(user, body, silent=True)).status_code == 403
        assert (await take_back(user, body)).status_code == 403


async def test_a_rule_of_a_team_lets_its_members_rerun_what_it_matches(
    closed: httpx.AsyncClient, database: Database
) -> None:
    matched, other = await add_execution(database, name="core"), await add_execution(database, name="curl")
    team = await people.add_team(database, permissions=["change_rerun_bulk"])
    user = await people.add_user(database)
    await people.join(database, user, team)
    await database.execute(
        """
        with rule as (
            insert into artefact_matching_rule (family, name, grant_permissions)
            values ('snap', 'core', '{change_rerun}') returning id
        )
        insert into artefact_matching_rule_team (rule_id, team_id) select id, $1 from rule
        """,
        team,
    )
    member = people.signed_in(closed, await people.session_of(database, user))
    assert (await ask(member, {"test_execution_ids": [matched]})).status_code == 200
    assert (await ask(member, {"test_execution_ids": [other]})).status_code == 403
    assert (await ask(member, {"test_executions_filters": {"artefacts": ["core"]}}, silent=True)).status_code == 200
    both = {"test_executions_filters": {"artefacts": ["core", "curl"]}}
    assert (await ask(member, both, silent=True)).status_code == 403
    assert (await take_back(member, both)).status_code == 403
    assert (await ask(member, {"test_execution_ids": [0]})).status_code == 404
    assert await database.fetch_value("select count(*) from rerun_request") == 1


async def test_executions_of_families_that_are_not_shown_are_not_found(
    scheduler: httpx.AsyncClient, database: Database
) -> None:
    execution = await add_execution(database, family="model")
    assert (await ask(scheduler, {"test_execution_ids": [execution]})).status_code == 404
    await ask(scheduler, {"test_executions_filters": {"families": ["model"]}}, silent=True)
    assert await executions_of(scheduler) == []
    assert await executions_of(scheduler, family="model") == [execution]
