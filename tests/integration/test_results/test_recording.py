"""What recording does to the tables: earlier results, attachments, rules, reruns, counts, what is told."""

import asyncio
from typing import Any

import pytest
from tests.recording import add_execution, add_issue, add_rule, attach, attached_to, result_ids

from touchstone.database.executor import Database
from touchstone.domains.reruns.model import AutomaticReruns
from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.domains.test_results.model import (
    NewResult,
    RecordedResult,
    Recording,
    ResultInvalid,
    TestExecutionNotFound,
)
from touchstone.domains.test_results.recording import record
from touchstone.http.caller import SYSTEM


def result(name: str, status: str = "PASSED", **fields: Any) -> NewResult:
    return NewResult(name=name, status=TestResultStatus(status), **fields)


async def post(database: Database, execution: int, *results: NewResult, **options: Any) -> list[RecordedResult]:
    async with database.transaction() as transaction:
        return await record(transaction, SYSTEM, execution, results, **options)


async def stored(database: Database, execution: int) -> list[list[Any]]:
    return await database.fetch_value(
        """
        select coalesce(json_agg(json_build_array(name, status, comment, io_log) order by result.id), '[]')
        from test_result as result join test_case on test_case.id = result.test_case_id
            left join test_result_log as log on log.test_result_id = result.id
        where test_execution_id = $1
        """,
        execution,
    )


async def counts(database: Database, execution: int) -> list[int]:
    return await database.fetch_value(
        "select array[passed_count, failed_count, skipped_count] from test_execution where id = $1", execution
    )


@pytest.fixture
async def execution(database: Database) -> int:
    return await add_execution(database)


async def test_results_are_stored_in_their_order_with_what_they_printed(database: Database, execution: int) -> None:
    outcomes = await post(
        database,
        execution,
        result("boots", "FAILED", comment="no", io_log="panic"),
        result("audio", "SKIPPED"),
        result("zoo", io_log="fine"),
    )
    assert await stored(database, execution) == [
        ["boots", "FAILED", "no", "panic"],
        ["audio", "SKIPPED", "", None],
        ["zoo", "PASSED", "", "fine"],
    ]
    assert [one.id for one in outcomes] == sorted((await result_ids(database, execution)).values())
    assert await counts(database, execution) == [1, 1, 1]


async def test_a_result_replaces_the_earlier_one_of_its_name(database: Database, execution: int) -> None:
    await post(database, execution, result("boots", "FAILED"), result("audio"))
    before = await result_ids(database, execution)
    outcomes = await post(database, execution, result("boots"), result("video"))
    after = await result_ids(database, execution)
    assert (after["audio"], after["boots"] != before["boots"]) == (before["audio"], True)
    assert [str(one.outcome) for one in outcomes] == ["replaced", "created"]
    assert await counts(database, execution) == [3, 0, 0]


async def test_the_last_of_several_results_of_one_name_counts(database: Database, execution: int) -> None:
    outcomes = await post(
        database,
        execution,
        result("boots", "FAILED", category="first", io_log="a"),
        result("audio"),
        result("boots", "SKIPPED", category="second", io_log="b"),
    )
    assert await stored(database, execution) == [["audio", "PASSED", "", None], ["boots", "SKIPPED", "", "b"]]
    assert [str(one.outcome) for one in outcomes] == ["superseded", "created", "created"]
    assert outcomes[0].id is None
    assert await database.fetch_value("select category from test_case where name = 'boots'") == "first"


async def test_replacing_all_keeps_what_has_one_name_side_by_side(database: Database, execution: int) -> None:
    await post(database, execution, result("boots", "FAILED"), result("audio"))
    await post(database, execution, result("video"), result("video", "FAILED"), replace_all=True)
    assert await stored(database, execution) == [["video", "PASSED", "", None], ["video", "FAILED", "", None]]
    await post(database, execution, replace_all=True)
    assert await stored(database, execution) == []
    assert await counts(database, execution) == [0, 0, 0]


async def test_a_posting_leaves_test_cases_as_they_are_and_replacing_all_sets_templates(
    database: Database, execution: int
) -> None:
    case = "select array[category, template_id] from test_case where name = 'boots'"
    await post(database, execution, result("boots", category="a", template_id="t1"))
    await post(database, execution, result("boots", category="b", template_id="t2"))
    assert await database.fetch_value(case) == ["a", "t1"]
    await post(database, execution, result("boots", category="b", template_id=""), replace_all=True)
    assert await database.fetch_value(case) == ["a", "t1"]
    again = result("boots", template_id="t4"), result("boots")
    await post(database, execution, result("boots", category="b", template_id="t3"), *again, replace_all=True)
    assert await database.fetch_value(case) == ["a", "t4"]


async def test_nothing_happens_for_no_results(database: Database, execution: int) -> None:
    await post(database, execution, result("boots"))
    assert await post(database, execution) == []
    assert await database.fetch_value("select count(*) from audit_event") == 1
    with pytest.raises(TestExecutionNotFound):
        await post(database, 4711)


async def test_a_posting_is_told_once(database: Database, execution: int) -> None:
    await post(database, execution, result("boots"), result("audio", "FAILED"))
    told = {"id": execution, "results": 2, "replaced": 0, "passed": 1, "failed": 1}
    audit = await database.fetch_value("select json_agg(json_build_array(action, subject, after)) from audit_event")
    event = await database.fetch_value("select json_agg(json_build_array(event, subject, payload)) from outbox")
    assert audit == [["post_results", f"test_execution:{execution}", told]]
    assert event == [["execution.results", f"test_execution:{execution}", told]]


async def test_results_are_a_sign_of_life(database: Database, execution: int) -> None:
    await database.execute("update test_execution set seen_at = now() - interval '1 day'")
    updated = await database.fetch_value("select updated_at from test_execution")
    await post(database, execution, result("boots"))
    assert await database.fetch_value("select seen_at > now() - interval '1 minute' from test_execution")
    assert await database.fetch_value("select updated_at from test_execution") == updated


@pytest.mark.parametrize(
    "fields", [{"name": "n" * 2601}, {"name": "x", "template_id": "é" * 1301}, {"name": "x", "io_log": "l" * 101}]
)
async def test_texts_have_bounds(database: Database, execution: int, fields: dict[str, str]) -> None:
    name = fields.pop("name")
    with pytest.raises(ResultInvalid) as refused:
        await post(database, execution, result("fine"), result(name, **fields), recording=Recording(longest_log=100))
    assert refused.value.location[:2] == ("body", 1)


async def test_what_people_attached_goes_over_to_the_new_result(database: Database, execution: int) -> None:
    await post(database, execution, result("boots", "FAILED"), result("audio", "FAILED"))
    by_hand, by_rule, other = [await add_issue(database) for _ in range(3)]
    ids = await result_ids(database, execution)
    await attach(database, by_hand, ids["boots"])
    await attach(database, by_rule, ids["boots"], by=None)
    await attach(database, other, ids["audio"])
    await post(database, execution, result("boots", "FAILED"))
    assert await attached_to(database, execution) == [
        ["audio", other, None, "user:1"],
        ["boots", by_hand, None, "user:1"],
    ]
    await post(database, execution, result("boots"), result("boots", "FAILED"), replace_all=True)
    assert await attached_to(database, execution) == [["boots", by_hand, None, "user:1"]]
    assert (await attached_to(database, execution))[0][0] == "boots"


RULES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["boots", "audio"]),
    ({"is_enabled": False}, []),
    ({"expires_at": "2020-01-01T00:00:00Z"}, []),
    ({"expires_at": "2120-01-01T00:00:00Z"}, ["boots", "audio"]),
    ({"families": ["deb", "snap"]}, ["boots", "audio"]),
    ({"families": ["deb"]}, []),
    ({"artefacts": ["core"]}, ["boots", "audio"]),
    ({"artefacts": ["Core"]}, []),
    ({"artefact_versions": ["7"]}, ["boots", "audio"]),
    ({"artefact_versions": ["8"]}, []),
    ({"artefact_stages": ["beta"]}, ["boots", "audio"]),
    ({"artefact_stages": ["edge"]}, []),
    ({"artefact_tracks": ["latest"]}, ["boots", "audio"]),
    ({"artefact_tracks": ["22"]}, []),
    ({"environment_names": ["laptop", "phone"]}, ["boots", "audio"]),
    ({"environment_names": ["phone"]}, []),
    ({"test_plans": ["smoke"]}, ["boots", "audio"]),
    ({"test_plans": ["full"]}, []),
    ({"test_case_names": ["boots", "boots", "zoo"]}, ["boots"]),
    ({"template_ids": ["t"]}, ["boots"]),
    ({"template_ids": ["t"], "test_case_names": ["audio"]}, []),
    ({"test_result_statuses": ["PASSED", "SKIPPED"]}, ["audio"]),
    ({"test_result_statuses": ["PASSED"], "test_case_names": ["boots"]}, []),
    ({"test_result_statuses": ["FAILED"], "template_ids": ["t"]}, ["boots"]),
    ({"metadata": {"kernel": ["6.8", "5.15"]}}, ["boots", "audio"]),
    ({"metadata": {"kernel": ["5.15"]}}, []),
    ({"metadata": {"kernel": ["6.8"], "disk": ["ssd"]}}, ["boots", "audio"]),
    ({"metadata": {"kernel": ["6.8"], "cpu": ["x"]}}, []),
    ({"comment_pattern": "^bro.en$"}, ["boots"]),
    ({"io_log_pattern": r"at line \d+"}, ["boots"]),
    ({"io_log_pattern": r"at line \d+", "test_result_statuses": ["PASSED"]}, []),
    ({"io_log_pattern": "^$"}, ["audio"]),
]


@pytest.mark.parametrize(("rule", "names"), RULES, ids=[str(rule) for rule, _ in RULES])
async def test_a_rule_attaches_its_issue_to_what_it_matches(
    database: Database, rule: dict[str, Any], names: list[str]
) -> None:
    execution = await add_execution(database, version="7", metadata={"kernel": ["6.8"], "disk": ["ssd", "nvme"]})
    issue = await add_issue(database)
    added = await add_rule(database, issue, **rule)
    await post(
        database,
        execution,
        result("boots", "FAILED", template_id="t", comment="broken", io_log="died at line 7"),
        result("audio"),
    )
    assert await attached_to(database, execution) == [[name, issue, added, None] for name in names]


async def test_of_each_issue_the_first_rule_that_matches_counts(database: Database, execution: int) -> None:
    first, second = await add_issue(database), await add_issue(database)
    rules = [
        await add_rule(database, first, test_case_names=["audio"]),
        await add_rule(database, first),
        await add_rule(database, second, test_case_names=["boots"]),
        await add_rule(database, first, test_case_names=["boots"]),
    ]
    await post(database, execution, result("boots"), result("audio"))
    assert await attached_to(database, execution) == [
        ["boots", first, rules[1], None],
        ["boots", second, rules[2], None],
        ["audio", first, rules[0], None],
    ]


async def test_rules_do_not_look_at_results_that_were_there(database: Database, execution: int) -> None:
    await post(database, execution, result("boots"))
    issue = await add_issue(database)
    await add_rule(database, issue)
    await post(database, execution, result("audio"))
    assert [name for name, *_ in await attached_to(database, execution)] == ["audio"]


async def test_a_pattern_that_cannot_be_used_keeps_nobody_from_recording(database: Database, execution: int) -> None:
    issue = await add_issue(database)
    await add_rule(database, issue, comment_pattern="(")
    plain = await add_rule(database, issue, test_case_names=["boots"])
    await post(database, execution, result("boots", comment="x"), result("audio"))
    assert await attached_to(database, execution) == [["boots", issue, plain, None]]
    assert len(await stored(database, execution)) == 2


async def requests(database: Database) -> int:
    return await database.fetch_value("select count(*) from rerun_request")


async def test_an_issue_has_the_group_run_again(database: Database, execution: int) -> None:
    issue = await add_issue(database, auto_rerun=True)
    await post(database, execution, result("boots", "FAILED"))
    assert await requests(database) == 0
    await attach(database, issue, (await result_ids(database, execution))["boots"])
    await post(database, execution, result("audio"))
    assert await database.fetch_value("select json_agg(priority) from rerun_request") == [0]
    await post(database, execution, result("audio"))
    assert await requests(database) == 1
    for _ in range(3):
        await database.execute("delete from rerun_request")
        await post(database, execution, result("audio"))
    assert await database.fetch_value("select times from automatic_rerun") == 4


async def test_reruns_end_when_there_were_enough(database: Database, execution: int) -> None:
    await add_rule(database, await add_issue(database, auto_rerun=True))
    limited = Recording(reruns=AutomaticReruns(most=2))
    seen: list[int] = []
    for _ in range(3):
        await post(database, execution, result("boots"), recording=limited)
        seen.append(await requests(database))
        await database.execute("delete from rerun_request")
    assert seen == [1, 1, 0]
    await database.execute("delete from automatic_rerun")
    await post(database, execution, result("boots"), recording=Recording(reruns=AutomaticReruns(most=0)))
    assert await requests(database) == 0


async def test_each_further_rerun_waits_twice_as_long(database: Database, execution: int) -> None:
    await add_rule(database, await add_issue(database, auto_rerun=True))
    paused = Recording(reruns=AutomaticReruns(pause_seconds=100))
    seen: list[int] = []
    for age in (0, 90, 110, 110, 210):
        await database.execute("delete from rerun_request")
        await database.execute("update automatic_rerun set last_at = now() - $1 * interval '1 second'", age)
        await post(database, execution, result("boots"), recording=paused)
        seen.append(await requests(database))
    assert seen == [1, 0, 1, 0, 1]


async def test_two_who_post_to_one_execution_come_one_after_the_other(database: Database, execution: int) -> None:
    names = [f"case {number}" for number in range(40)]
    forth, back = [result(name) for name in names], [result(name, "FAILED") for name in reversed(names)]
    await asyncio.gather(*(post(database, execution, *batch) for batch in (forth, back) * 3))
    assert len(await stored(database, execution)) == 40
    assert sorted(await counts(database, execution)) == [0, 0, 40]


async def test_many_executions_meet_new_test_cases_at_once(database: Database) -> None:
    executions = [await add_execution(database) for _ in range(4)]
    names = [f"case {number}" for number in range(50)]
    batches = [[result(name) for name in (names if place % 2 else names[::-1])] for place in range(4)]
    await asyncio.gather(*(post(database, one, *batch) for one, batch in zip(executions, batches, strict=True)))
    assert await database.fetch_value("select count(*) from test_case") == 50
    assert await database.fetch_value("select count(*) from test_result") == 200
