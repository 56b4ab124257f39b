"""Results tied to issues and taken off: by ids, by filters, with a rule; and what is refused."""

import asyncio

import pytest
from tests.people import as_user
from tests.recording import add_execution, add_issue, add_rule, attach, attached_to, result_ids

ISSUES = "/api/v1/issues"


@pytest.fixture
async def issue(database):
    return await add_issue(database)


@pytest.fixture
async def results(database, execution):
    return await result_ids(database, execution)


async def attached(database, execution):
    return [name for name, *_ in await attached_to(database, execution)]


@pytest.mark.parametrize("verb", ["attach", "detach"])
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, verb):
    anonymous = await client.post(f"{ISSUES}/x/{verb}", json={})
    wrong = await (await as_user(client, database, "change_issue")).post(f"{ISSUES}/x/{verb}", json={})
    bulk = await (await as_user(client, database, "change_issue_attachment_bulk")).post(f"{ISSUES}/1/{verb}", json={})
    assert {answer.status_code for answer in (anonymous, wrong, bulk)} == {403}


@pytest.mark.parametrize("verb", ["attach", "detach"])
async def test_more_than_one_result_needs_the_permission_for_many(client, database, issue, results, verb):
    one = await as_user(client, database, "change_issue_attachment")
    rule = await add_rule(database, issue)
    first, second, _ = results.values()

    async def status(**body):
        return (await one.post(f"{ISSUES}/{issue}/{verb}", json=body)).status_code

    assert await status(test_results=[first]) == 200
    assert await status() == 200
    assert await status(test_results=[first, second]) == 403
    assert await status(test_results_filters={"families": ["snap"]}) == 403
    assert await status(test_results_filters={}) == 403
    assert await status(test_results=[first], attachment_rule=rule) == 403


async def test_results_are_attached_by_their_ids_and_by_whom_is_known(user, database, issue, execution, results):
    rule = await add_rule(database, issue, is_enabled=False)
    body = {"test_results": [results["boots"], results["boots"]], "attachment_rule": rule}
    answer = await user.post(f"{ISSUES}/{issue}/attach", json=body)
    assert answer.status_code == 200
    assert answer.json() == (await user.get(f"{ISSUES}/{issue}")).json()
    [[name, attached_issue, attached_rule, by]] = await attached_to(database, execution)
    assert (name, attached_issue, attached_rule) == ("boots", issue, rule)
    assert by.startswith("user:")


async def test_results_are_attached_by_filters_and_both_ways_together(user, database, issue, execution, results):
    filters = {"artefacts": ["core"], "test_result_statuses": ["FAILED"]}
    body = {"test_results": [results["video"]], "test_results_filters": filters}
    await user.post(f"{ISSUES}/{issue}/attach", json=body)
    assert await attached(database, execution) == ["boots", "audio", "video"]
    await user.post(f"{ISSUES}/{issue}/detach", json={"test_results_filters": filters})
    assert await attached(database, execution) == ["video"]
    await user.post(f"{ISSUES}/{issue}/detach", json={"test_results": [results["video"], 4711]})
    assert await attached(database, execution) == []


async def test_what_is_attached_stays_as_it_is(user, database, issue, execution, results):
    await attach(database, issue, results["boots"], by=None)
    rule = await add_rule(database, issue)
    body = {"test_results": list(results.values()), "attachment_rule": rule}
    for _ in range(2):
        assert (await user.post(f"{ISSUES}/{issue}/attach", json=body)).status_code == 200
    rows = [(name, by is None, rule_id) for name, _, rule_id, by in await attached_to(database, execution)]
    assert rows == [("boots", True, None), ("audio", False, rule), ("video", False, rule)]


async def test_the_rule_may_be_of_another_issue(user, database, issue, results):
    rule = await add_rule(database, await add_issue(database))
    body = {"test_results": [results["boots"]], "attachment_rule": rule}
    assert (await user.post(f"{ISSUES}/{issue}/attach", json=body)).status_code == 200


async def test_what_a_rule_attached_is_taken_off_as_well(user, database, issue, execution, results):
    await attach(database, issue, results["boots"], by=None)
    await user.post(f"{ISSUES}/{issue}/detach", json={"test_results": [results["boots"]]})
    assert await attached(database, execution) == []


async def test_nothing_is_attached_when_one_of_the_results_is_not_there(user, database, issue, execution, results):
    body = {"test_results": [*results.values(), 2**40, 4711]}
    answer = await user.post(f"{ISSUES}/{issue}/attach", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (404, "Test result with id 4711 not found")
    assert await attached(database, execution) == []


@pytest.mark.parametrize("verb", ["attach", "detach"])
async def test_issue_and_rule_must_be_there_and_filters_must_ask_for_something(user, database, issue, verb):
    async def refusal(path, **body):
        answer = await user.post(f"{ISSUES}/{path}/{verb}", json=body)
        return answer.status_code, answer.json()["detail"]

    assert await refusal(4711) == (404, "Issue not found")
    assert await refusal(issue, attachment_rule=4711) == (404, "Attachment rule not found")
    empty = 422, "At least one filter must be provided in test_results_filters"
    assert await refusal(issue, test_results_filters={}) == empty
    assert await refusal(issue, test_results_filters={"from_date": "2026-01-01", "limit": 3}) == empty


async def test_an_empty_request_does_nothing(user, database, issue):
    shown = (await user.get(f"{ISSUES}/{issue}")).json()
    for verb in "attach", "detach":
        assert (await user.post(f"{ISSUES}/{issue}/{verb}", json={})).json() == shown
    assert await database.fetch_value("select count(*) from audit_event") == 0


async def test_each_bulk_is_one_row_on_record(user, database, issue, results):
    filters = {"families": ["snap"]}
    await user.post(f"{ISSUES}/{issue}/attach", json={"test_results_filters": filters})
    await user.post(f"{ISSUES}/{issue}/attach", json={"test_results_filters": filters})
    await user.post(f"{ISSUES}/{issue}/detach", json={"test_results_filters": filters})
    rows = await database.fetch_value(
        "select json_agg(json_build_array(action, subject, coalesce(before, after)) order by id)"
        " from audit_event where subject like 'issue:%'"
    )
    told = {"results": 3, "test_results": [], "test_results_filters": filters, "attachment_rule": None}
    assert rows == [["attach_issue", f"issue:{issue}", told], ["detach_issue", f"issue:{issue}", told]]


async def test_results_of_hidden_families_are_not_found_by_filters(user, database, issue):
    model = await add_execution(database, family="model", source="x")
    await database.execute("insert into test_case (name) values ('answers')")
    await database.execute(
        "insert into test_result (test_execution_id, test_case_id, status) select $1, id, 'FAILED' from test_case",
        model,
    )
    await user.post(f"{ISSUES}/{issue}/attach", json={"test_results_filters": {"test_cases": ["answers"]}})
    assert await attached(database, model) == []
    body = {"test_results_filters": {"test_cases": ["answers"], "families": ["model"]}}
    await user.post(f"{ISSUES}/{issue}/attach", json=body)
    assert await attached(database, model) == ["answers"]


async def test_many_attach_the_same_results_at_once(user, database, issue, execution, results):
    bodies = [{"test_results": list(results.values())}, {"test_results_filters": {"families": ["snap"]}}] * 4
    answers = await asyncio.gather(*(user.post(f"{ISSUES}/{issue}/attach", json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert await attached(database, execution) == ["boots", "audio", "video"]


async def test_results_that_go_while_they_are_attached_are_left_out(user, database, issue, execution, results):
    async with database.transaction() as transaction:
        await transaction.execute("delete from test_result where id = $1", results["boots"])
        waiting = asyncio.create_task(
            user.post(f"{ISSUES}/{issue}/attach", json={"test_results_filters": {"families": ["snap"]}})
        )
        async with asyncio.timeout(10):
            while not await database.fetch_value("select exists (select from pg_locks where not granted)"):
                await asyncio.sleep(0.01)
    assert (await waiting).status_code == 200
    assert await attached(database, execution) == ["audio", "video"]
