"""What Postgres builds has exactly the fields of the structs, with all their children."""

from typing import Any

import msgspec
import pytest

from touchstone.database.executor import Database
from touchstone.domains.families.model import FAMILIES
from touchstone.domains.shapes.artefacts import ARTEFACT_JSON, ARTEFACT_SOURCES, ArtefactResponse
from touchstone.domains.shapes.executions import EXECUTION_JSON, EXECUTION_SOURCES, TestExecutionResponse
from touchstone.domains.shapes.issues import SOURCES
from touchstone.domains.shapes.results import RESULT_SOURCES, TestResultResponse, result_json
from touchstone.domains.shapes.reviews import REVIEW_JSON, REVIEW_SOURCES, ArtefactBuildEnvironmentReviewResponse
from touchstone.domains.shapes.shown import SHOWN

RECORDED = """
    with artefact as (
        insert into artefact (family, name, version, stage, track, store)
        values ('snap', 'core', '1', 'beta', 'latest', 'ubuntu') returning id
    ), build as (
        insert into artefact_build (artefact_id, architecture, revision)
        select id, 'amd64', 3 from artefact returning id
    ), place as (
        insert into environment (name, architecture) values ('laptop', 'amd64') returning id
    ), plan as (
        insert into test_plan (name) values ('smoke') returning id
    ), reviewer as (
        insert into app_user (name, email) values ('Ada', 'ada@example.test') returning id
    ), reviews as (
        insert into artefact_reviewer (artefact_id, user_id) select artefact.id, reviewer.id from artefact, reviewer
    ), review as (
        insert into environment_review (artefact_build_id, environment_id, review_decision)
        select build.id, place.id, '{REJECTED}' from build, place
    ), execution as (
        insert into test_execution (artefact_build_id, environment_id, test_plan_id)
        select build.id, place.id, plan.id from build, place, plan returning id
    ), pair as (
        insert into execution_metadata (category, value) values ('kernel', '6.8') returning id
    ), pairs as (
        insert into test_execution_metadata select execution.id, pair.id from execution, pair
    ), link as (
        insert into test_execution_relevant_link (test_execution_id, label, url)
        select id, 'log', 'https://example.test/log' from execution
    ), tested as (
        insert into test_case (name) values ('boots') returning id
    ), result as (
        insert into test_result (test_execution_id, test_case_id, status)
        select execution.id, tested.id, 'FAILED' from execution, tested returning id
    ), printed as (
        insert into test_result_log (test_result_id, io_log) select id, 'panic' from result
    ), issue as (
        insert into issue (source, project, key) values ('github', 'a/b', '7') returning id
    ), rule as (
        insert into attachment_rule (issue_id, families) select id, '{snap}' from issue returning id, issue_id
    ), attached as (
        insert into issue_attachment (issue_id, test_result_id, attachment_rule_id)
        select rule.issue_id, result.id, rule.id from rule, result
    )
    select 1
"""


@pytest.fixture
async def recorded(database: Database) -> Database:
    await database.execute(RECORDED)
    return database


async def read(database: Database, select: Any, kind: Any) -> Any:
    """Strictly: a field that is missing or unknown is refused."""
    value = await database.fetch_value(SHOWN + " select " + select, FAMILIES, SOURCES)
    assert set(value) == {field.name for field in msgspec.structs.fields(kind)}
    return msgspec.convert(value, kind, strict=True)


async def test_an_artefact_has_its_reviewers_and_counts(recorded: Database) -> None:
    artefact = await read(recorded, f"{ARTEFACT_JSON} from {ARTEFACT_SOURCES}", ArtefactResponse)
    assert artefact.assignee == artefact.reviewers[0]
    assert (artefact.all_environment_reviews_count, artefact.completed_environment_reviews_count) == (1, 1)


async def test_an_execution_has_its_metadata_and_links(recorded: Database) -> None:
    execution = await read(recorded, f"{EXECUTION_JSON} from {EXECUTION_SOURCES}", TestExecutionResponse)
    assert execution.execution_metadata == {"kernel": ["6.8"]}
    assert [link.label for link in execution.relevant_links] == ["log"]
    assert execution.is_triaged


async def test_a_result_has_what_it_printed_and_its_issues(recorded: Database) -> None:
    result = await read(recorded, f"{result_json()} from {RESULT_SOURCES}", TestResultResponse)
    assert result.io_log == "panic"
    assert result.issues[0].issue.url == "https://github.com/a/b/issues/7"
    assert result.issues[0].attachment_rule.families == ["snap"]


async def test_a_review_has_its_environment(recorded: Database) -> None:
    review = await read(recorded, f"{REVIEW_JSON} from {REVIEW_SOURCES}", ArtefactBuildEnvironmentReviewResponse)
    assert (review.environment.name, review.artefact_build.revision) == ("laptop", 3)


async def test_counts_of_results_follow_them(recorded: Database) -> None:
    counts = "select array[passed_count, failed_count, skipped_count] from test_execution"
    assert await recorded.fetch_value(counts) == [0, 1, 0]
    await recorded.execute("delete from test_result")
    assert await recorded.fetch_value(counts) == [0, 0, 0]
