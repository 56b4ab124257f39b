"""The reports as statements, one for each, whose rows go out by COPY."""

import datetime as dt
from collections.abc import AsyncGenerator, Sequence
from typing import LiteralString

from touchstone.database.executor import Database
from touchstone.domains.reports.cells import EVENT_TIME, python_text, text_cell, time_cell

# `artefact` is the row
_ARTEFACT: LiteralString = (
    "artefact.family, artefact.id as artefact_id, "
    + text_cell("artefact.name")
    + " as name, "
    + text_cell("artefact.version")
    + " as version, artefact.status as artefact_status, "
    + text_cell("artefact.track")
    + " as track, "
    + text_cell("artefact.stage")
    + " as stage, "
    + text_cell("artefact.series")
    + " as series, "
    + text_cell("artefact.repo")
    + " as repo, "
    + text_cell("artefact.os")
    + " as os"
)

# What many results share is written once for all of them. Results are fetched execution by execution, which alone
# puts them in order: an `order by` around it makes Postgres sort all of them on disk before the first row goes out.
_RESULTS: LiteralString = (
    "with run as materialized (select execution.id, "
    + _ARTEFACT
    + ", "
    + time_cell("artefact.created_at")
    + " as artefact_created_at, execution.status, "
    + text_cell("execution.c3_link")
    + " as c3_link, "
    + text_cell("execution.checkbox_version")
    + " as checkbox_version, "
    + text_cell("test_plan.name")
    + " as test_plan, "
    + text_cell("environment.name")
    + " as environment, "
    + text_cell("environment.architecture")
    + """ as architecture
        from artefact
            join artefact_build as build on build.artefact_id = artefact.id
            join test_execution as execution on execution.artefact_build_id = build.id
            join environment on environment.id = execution.environment_id
            join test_plan on test_plan.id = execution.test_plan_id
        where artefact.created_at between $1 and coalesce($2, now()) and artefact.family = any($3::text[])
        order by execution.id
    ), tested as materialized (
        select id, """
    + text_cell("template_id")
    + " as template_id, "
    + text_cell("name")
    + " as name, "
    + text_cell("category")
    + """ as category
        from test_case
    )
    select run.family, run.artefact_id, run.name, run.version, run.artefact_status, run.track, run.stage, run.series,
        run.repo, run.os, run.series, run.artefact_created_at, run.id, run.status, run.c3_link, run.checkbox_version,
        run.test_plan, run.environment, run.architecture, result.template_id, result.name, result.category,
        result.status, """
    + time_cell("result.created_at")
    + """
    from run cross join lateral (
        select result.status, result.created_at, tested.template_id, tested.name, tested.category
        from test_result as result join tested on tested.id = result.test_case_id
        where result.test_execution_id = run.id
        order by result.id offset 0
    ) as result
    """
)

_EXECUTIONS: LiteralString = (
    "select "
    + _ARTEFACT
    + ", execution.id, execution.status, "
    + text_cell("execution.ci_link")
    + ", "
    + text_cell("execution.c3_link")
    + ", "
    + text_cell("execution.checkbox_version")
    + ", "
    + text_cell("test_plan.name")
    + ", "
    + time_cell("execution.created_at")
    + ", "
    + text_cell("environment.name")
    + ", "
    + text_cell("environment.architecture")
    + """,
        '[' || coalesce((
            select string_agg('<ArtefactBuildEnvironmentReviewDecision.' || word || ': ''' || word || '''>', ', '
                order by place)
            from unnest(review.review_decision) with ordinality as decided (word, place)
        ), '') || ']',
        """
    + text_cell("review.review_comment")
    + """,
        '[' || coalesce((
            select string_agg('{''event_name'': ' || """
    + python_text("event_name")
    + " || ', ''timestamp'': ''' || "
    + time_cell("at", EVENT_TIME)
    + " || ''', ''detail'': ' || "
    + python_text("detail")
    + """ || '}', ', ' order by at, id)
            from test_event where test_execution_id = execution.id
        ), '') || ']'
    from test_execution as execution
        join artefact_build as build on build.id = execution.artefact_build_id
        join artefact on artefact.id = build.artefact_id
        join environment on environment.id = execution.environment_id
        join test_plan on test_plan.id = execution.test_plan_id
        join environment_review as review
            on review.artefact_build_id = execution.artefact_build_id
            and review.environment_id = execution.environment_id
    where execution.created_at between $1 and coalesce($2, now()) and artefact.family = any($3::text[])
    order by execution.id
    """
)


class ReportRepository:
    """Both ends of a range count; without an end it is now. Rows come without a header, in pieces of CSV."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def copy_results(
        self, start: dt.datetime, end: dt.datetime | None, families: Sequence[str]
    ) -> AsyncGenerator[bytes]:
        """Of artefacts that were made in the range, execution by execution."""
        return self._database.copy_out(_RESULTS, start, end, families)

    def copy_executions(
        self, start: dt.datetime, end: dt.datetime | None, families: Sequence[str]
    ) -> AsyncGenerator[bytes]:
        """Those that were made in the range and have a review, oldest first."""
        return self._database.copy_out(_EXECUTIONS, start, end, families)
