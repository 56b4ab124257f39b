"""Environments, and test executions."""

import datetime as dt
from enum import StrEnum
from typing import LiteralString

import msgspec


class TestExecutionStatus(StrEnum):
    __test__ = False

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_TESTED = "NOT_TESTED"
    ENDED_PREMATURELY = "ENDED_PREMATURELY"


class EnvironmentResponse(msgspec.Struct, kw_only=True):
    id: int
    name: str
    architecture: str


class TestExecutionRelevantLinkResponse(msgspec.Struct, kw_only=True):
    __test__ = False

    id: int
    label: str
    url: str


class TestExecutionResponse(msgspec.Struct, kw_only=True):
    """`is_triaged`: every result that failed or was skipped has an issue. A rerun is requested of the execution's plan,
    build and environment."""

    __test__ = False

    id: int
    ci_link: str | None
    c3_link: str | None
    status: TestExecutionStatus
    environment: EnvironmentResponse
    test_plan: str
    created_at: dt.datetime
    execution_metadata: dict[str, list[str]]
    relevant_links: list[TestExecutionRelevantLinkResponse] = []
    is_triaged: bool
    is_rerun_requested: bool
    rerun_priority: int | None


ENVIRONMENT_JSON: LiteralString = """
    json_build_object('id', environment.id, 'name', environment.name, 'architecture', environment.architecture)
"""

EXECUTION_SOURCES: LiteralString = """
    test_execution as execution
    join environment on environment.id = execution.environment_id
    join test_plan on test_plan.id = execution.test_plan_id
    left join rerun_request as rerun on rerun.test_plan_id = execution.test_plan_id
        and rerun.artefact_build_id = execution.artefact_build_id and rerun.environment_id = execution.environment_id
"""
"""What `EXECUTION_JSON` is selected from; narrow it down by the columns of `execution`."""

IS_TRIAGED: LiteralString = """
    (execution.failed_count + execution.skipped_count = 0 or not exists (
        select from test_result as untriaged
        where untriaged.test_execution_id = execution.id and untriaged.status <> 'PASSED'
            and not exists (select from issue_attachment where test_result_id = untriaged.id)
    ))
"""

EXECUTION_JSON: LiteralString = (
    """
    json_build_object('id', execution.id, 'ci_link', execution.ci_link, 'c3_link', execution.c3_link,
        'status', execution.status, 'environment', """
    + ENVIRONMENT_JSON
    + """, 'test_plan', test_plan.name, 'created_at', wire_time(execution.created_at),
        'execution_metadata', coalesce((
            select json_object_agg(category, listed) from (
                select category, json_agg(value order by value) as listed
                from test_execution_metadata as link
                    join execution_metadata as pair on pair.id = link.execution_metadata_id
                where link.test_execution_id = execution.id group by category order by category
            ) as categories
        ), '{}'),
        'relevant_links', coalesce((
            select json_agg(json_build_object('id', link.id, 'label', link.label, 'url', link.url) order by link.id)
            from test_execution_relevant_link as link where link.test_execution_id = execution.id
        ), '[]'),
        'is_triaged', """
    + IS_TRIAGED
    + """, 'is_rerun_requested', rerun.id is not null, 'rerun_priority', rerun.priority)
"""
)
