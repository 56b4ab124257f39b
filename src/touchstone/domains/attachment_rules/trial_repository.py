"""What a rule would have attached, read from results that are there."""

from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.filters.binding import Binding
from touchstone.domains.filters.schemas import TestResultSearchFilters
from touchstone.domains.issues.selecting import selecting_matches
from touchstone.domains.shapes.issues import ISSUE_JSON
from touchstone.domains.shapes.shown import SHOWN, Shown

MOST_SAMPLES: LiteralString = "20"
MOST_OTHER_ISSUES: LiteralString = "100"

# after a CTE `matched` of ids; $3 is the issue, $4 how many days
TRIAL_JSON: LiteralString = (
    """
    , newest as (
        select id from matched order by id desc limit """
    + MOST_SAMPLES
    + """
    ), elsewhere as (
        select attachment.issue_id, count(*) as count,
            (array_agg(attachment.test_result_id order by attachment.test_result_id desc))[:"""
    + MOST_SAMPLES
    + """] as ids
        from matched join issue_attachment as attachment on attachment.test_result_id = matched.id
            join issue on issue.id = attachment.issue_id
        where attachment.attached_by is not null and attachment.issue_id <> $3
            and issue.source = any ((select sources from shown)::text[])
        group by attachment.issue_id order by count desc, attachment.issue_id limit """
    + MOST_OTHER_ISSUES
    + """
    )
    select json_build_object('matched', (select count(*) from matched), 'days', $4::integer,
        'sample', coalesce((
            select json_agg(json_build_object('test_result_id', result.id, 'test_execution_id', execution.id,
                'artefact_id', artefact.id, 'artefact', artefact.name, 'version', artefact.version,
                'environment', environment.name, 'test_plan', test_plan.name, 'test_case', test_case.name,
                'status', result.status, 'comment', left(result.comment, 500),
                'created_at', wire_time(result.created_at)) order by result.id desc)
            from newest join test_result as result on result.id = newest.id
                join test_case on test_case.id = result.test_case_id
                join test_execution as execution on execution.id = result.test_execution_id
                join artefact_build as build on build.id = execution.artefact_build_id
                join artefact on artefact.id = build.artefact_id
                join environment on environment.id = execution.environment_id
                join test_plan on test_plan.id = execution.test_plan_id
        ), '[]'),
        'attached_elsewhere', coalesce((
            select json_agg(json_build_object('issue', """
    + ISSUE_JSON
    + """, 'count', elsewhere.count, 'test_result_ids', elsewhere.ids) order by elsewhere.count desc, issue.id)
            from elsewhere join issue on issue.id = elsewhere.issue_id
        ), '[]'))
"""
)


class RuleTrialRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def try_out(
        self,
        shown: Shown,
        issue_id: int,
        days: int,
        filters: TestResultSearchFilters,
        comment_pattern: str | None,
        io_log_pattern: str | None,
    ) -> bytes:
        """An AttachmentRuleTrial."""
        binding = Binding(*shown.words, issue_id, days)
        found = await self.executor.fetch_json(
            SHOWN
            + ", matched as materialized (select id from "
            + selecting_matches(filters, comment_pattern, io_log_pattern, binding)
            + " as matching (id))"
            + TRIAL_JSON,
            *binding.values,
        )
        assert found is not None  # it has no source that could be empty
        return found
