"""Executions, what tests printed, and files of results, as rules take them."""

import asyncio

import pytest
from tests.artefacts import add_artefact
from tests.people import as_admin
from tests.recording import add_execution, add_issue, attach

from touchstone.domains.families.model import FamilyName, StageName
from touchstone.domains.keeping.model import KeepingRule
from touchstone.domains.retention_rules import removal
from touchstone.domains.retention_rules.model import RetentionKind
from touchstone.domains.retention_rules.schemas import RetentionRule
from touchstone.domains.test_executions.retention_repository import ExecutionRetentionRepository

EXECUTIONS, LOGS = RetentionKind.TEST_EXECUTIONS, RetentionKind.TEST_RESULT_LOGS
ALL = RetentionRule(kind=EXECUTIONS, kept_days=30, keeps_newest=False)


async def with_results(database, execution, count=3):
    await database.execute(
        """
        with result as (
            insert into test_result (test_execution_id, test_case_id, status)
            select $1, test_case.id, 'FAILED' from test_case where name like 'case %' order by name limit $2
            returning id
        )
        insert into test_result_log (test_result_id, io_log) select id, 'it failed' from result
        """,
        execution,
        count,
    )
    await database.execute(
        """
        insert into raw_result_file (test_execution_id, digest, media_type, size, object_key)
        values ($1, 'd', 'application/xml', 1, 'test-results/raw/' || $1::integer)
        """,
        execution,
    )


@pytest.fixture(autouse=True)
async def cases(database):
    await database.execute("insert into test_case (name) select 'case ' || n from generate_series(1, 5) as n")


async def left(database):
    return await database.fetch_value("select coalesce(array_agg(id order by id), '{}') from test_execution")


async def rows(database):
    return await database.fetch_value(
        """
        select array[(select count(*) from test_result), (select count(*) from test_result_log),
            (select count(*) from raw_result_file), (select count(*) from issue_attachment)]
        """
    )


async def test_old_executions_go_with_everything_of_theirs_and_young_ones_stay(database, remove, age):
    old, young = await add_execution(database), await add_execution(database)
    for execution in old, young:
        await with_results(database, execution)
    result = await database.fetch_value("select min(id) from test_result")
    await attach(database, await add_issue(database), result)
    await age(31, old)
    await age(29, young)
    assert await remove(ALL) == {"test_executions": 1}
    assert (await left(database), await rows(database)) == ([young], [3, 3, 1, 0])
    told = await database.fetch_value("select json_build_array(actor, action, before) from audit_event")
    assert told == ["touchstone", "remove_old_test_executions", {"ids": [old], "results": 3}]
    assert await remove(ALL) == {}


async def test_without_a_rule_nothing_goes(database, remove, age):
    execution = await add_execution(database)
    await age(3000, execution)
    forever = RetentionRule(kind=EXECUTIONS)
    other = RetentionRule(kind=EXECUTIONS, family=FamilyName.DEB, kept_days=1, keeps_newest=False)
    for rules in (), (forever,), (other,):
        assert await remove(*rules) == {}
    assert await left(database) == [execution]


async def test_what_is_important_stays(database, remove, age):
    execution = await add_execution(database)
    await with_results(database, execution)
    await age(3000, execution)
    await database.execute("update artefact set is_important = true")
    logs = RetentionRule(kind=LOGS, kept_days=1)
    files = RetentionRule(kind=RetentionKind.RAW_RESULT_FILES, kept_days=1)
    assert await remove(ALL, logs, files) == {}


async def test_the_rule_of_the_family_counts_more_than_that_of_the_stage_and_both_more_than_one_of_any(
    database, remove, age
):
    snap_edge = await add_execution(database, family="snap", stage="edge")
    snap_beta = await add_execution(database, family="snap", stage="beta")
    charm_edge = await add_execution(database, family="charm", stage="edge")
    charm_beta = await add_execution(database, family="charm", stage="beta")
    await age(50, snap_edge, snap_beta, charm_edge, charm_beta)

    def rule(days, **fields):
        return RetentionRule(kind=EXECUTIONS, kept_days=days, keeps_newest=False, **fields)

    snap, edge = {"family": FamilyName.SNAP}, {"stage": StageName.EDGE}
    assert await remove(rule(10), rule(100, **edge), rule(100, **snap)) == {"test_executions": 1}
    assert await left(database) == [snap_edge, snap_beta, charm_edge]
    assert await remove(rule(100, **edge), rule(10, **snap), rule(None, **snap, **edge)) == {"test_executions": 1}
    assert await left(database) == [snap_edge, charm_edge]


async def test_the_newest_of_a_plan_on_a_build_in_an_environment_stays_unless_the_rule_says_otherwise(
    database, remove, age
):
    given = {"version": "1", "plan": "smoke"}
    first, second = await add_execution(database, **given), await add_execution(database, **given)
    elsewhere = await add_execution(database, **given, environment="phone")
    await age(50, first, second, elsewhere)
    keeping = RetentionRule(kind=EXECUTIONS, kept_days=30)
    assert await remove(keeping) == {"test_executions": 1}
    assert await left(database) == [second, elsewhere]
    assert await remove(ALL) == {"test_executions": 2}


async def test_one_that_was_started_long_ago_and_is_still_written_to_stays(database, remove, age):
    execution = await add_execution(database)
    await age(50, execution)
    await database.execute("update test_execution set seen_at = now()")
    assert await remove(ALL) == {}


async def test_small_batches_take_all_of_it_and_pass_by_what_stays(database, remove, age, monkeypatch):
    monkeypatch.setattr(removal, "EXECUTIONS_LOOKED_AT", 2)
    monkeypatch.setattr(removal, "RESULTS_AT_ONCE", 2)
    monkeypatch.setattr(removal, "LOGS_LOOKED_AT", 2)
    important = [await add_execution(database, name="important") for _ in range(3)]
    old = [await add_execution(database) for _ in range(5)]
    for execution in important + old:
        await with_results(database, execution)
    await age(50, *important, *old)
    await database.execute("update artefact set is_important = true where name = 'important'")
    logs = RetentionRule(kind=LOGS, kept_days=40)
    files = RetentionRule(kind=RetentionKind.RAW_RESULT_FILES, kept_days=40)
    assert await remove(logs, files) == {"test_result_logs": 15, "raw_result_files": 5}
    assert await rows(database) == [24, 9, 3, 0]
    assert await remove(ALL) == {"test_executions": 5}
    assert await left(database) == important
    assert await database.fetch_value("select count(*) from audit_event where subject like '%executions'") == 5


async def test_a_run_ends_in_time_and_the_next_one_goes_on(database, remove, age):
    execution = await add_execution(database)
    await age(50, execution)
    assert await remove(ALL, seconds=0) == {}
    assert await remove(ALL) == {"test_executions": 1}


async def test_logs_go_and_verdicts_stay(database, client, remove, age):
    execution = await add_execution(database)
    await with_results(database, execution)
    await age(50, execution)
    assert await remove(RetentionRule(kind=LOGS, kept_days=40)) == {"test_result_logs": 3}
    admin = await as_admin(client, database)
    found = (await admin.get(f"/api/v1/test-executions/{execution}/test-results")).json()
    assert [(one["status"], one["io_log"]) for one in found] == [("FAILED", "")] * 3


async def test_an_execution_that_is_written_to_in_that_moment_stays(parts, database, age):
    execution = await add_execution(database)
    await age(50, execution)
    rules = [KeepingRule(kept_days=30, keeps_newest=False)]
    async with parts.database.transaction() as writer:
        await writer.execute("update test_execution set seen_at = now() where id = $1", execution)
        deleting = asyncio.create_task(
            ExecutionRetentionRepository(parts.database).delete_old(rules, None, looked_at=10, results=10)
        )
        await _until_waiting(database)
    assert (await deleting).gone == []
    assert await left(database) == [execution]


async def _until_waiting(database):
    async with asyncio.timeout(20):
        while not await database.fetch_value("select exists (select from pg_locks where not granted)"):
            await asyncio.sleep(0.01)


async def test_the_artefact_and_its_reviews_stay(database, remove, age):
    await add_artefact(database)
    execution = await add_execution(database)
    await age(50, execution)
    await remove(ALL)
    assert await database.fetch_value("select count(*) from artefact") == 2
