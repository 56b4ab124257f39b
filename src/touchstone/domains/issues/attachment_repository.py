"""The table `issue_attachment`, where rules fill it and where results take over from earlier ones."""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.database.executor import Executor

# Rules are narrowed down by what holds for the whole execution first. What is left meets the results by equality of
# the names, templates or statuses that it lists, never each rule with each result.
CANDIDATES: LiteralString = """
    with execution as materialized (
        select artefact.family, artefact.name, artefact.version, artefact.stage, artefact.track,
            environment.name as environment_name, test_plan.name as test_plan
        from test_execution as execution
        join artefact_build as build on build.id = execution.artefact_build_id
        join artefact on artefact.id = build.artefact_id
        join environment on environment.id = execution.environment_id
        join test_plan on test_plan.id = execution.test_plan_id
        where execution.id = $1
    ), pair as materialized (
        select category, value from test_execution_metadata as link
        join execution_metadata on execution_metadata.id = link.execution_metadata_id
        where link.test_execution_id = $1
    ), candidate as materialized (
        select rule.id, rule.issue_id, rule.test_case_names, rule.template_ids, rule.test_result_statuses,
            rule.comment_pattern, rule.comment_needed, rule.io_log_pattern, rule.io_log_needed
        from attachment_rule as rule cross join execution
        where rule.is_enabled and (rule.expires_at is null or rule.expires_at > now())
            and (rule.artefacts = '{}' or execution.name = any (rule.artefacts))
            and (rule.families = '{}' or execution.family = any (rule.families))
            and (rule.artefact_versions = '{}' or execution.version = any (rule.artefact_versions))
            and (rule.artefact_stages = '{}' or execution.stage = any (rule.artefact_stages))
            and (rule.artefact_tracks = '{}' or execution.track = any (rule.artefact_tracks))
            and (rule.environment_names = '{}' or execution.environment_name = any (rule.environment_names))
            and (rule.test_plans = '{}' or execution.test_plan = any (rule.test_plans))
            and not exists (
                select from attachment_rule_metadata as wanted
                where wanted.attachment_rule_id = rule.id and not exists (
                    select from attachment_rule_metadata as offered join pair using (category, value)
                    where offered.attachment_rule_id = wanted.attachment_rule_id
                        and offered.category = wanted.category
                )
            )
    ), result as materialized (
        select result.id, result.status, test_case.name, test_case.template_id
        from test_result as result join test_case on test_case.id = result.test_case_id
        where result.id = any ($2::bigint[])
    )
"""
MATCHED: LiteralString = """
    , matched as (
        select candidate.id as rule_id, candidate.issue_id, result.id as result_id
        from candidate cross join lateral unnest(test_case_names) as wanted join result on result.name = wanted
        where (template_ids = '{}' or result.template_id = any (template_ids))
            and (test_result_statuses = '{}' or result.status = any (test_result_statuses))
        union all
        select candidate.id, candidate.issue_id, result.id
        from candidate cross join lateral unnest(template_ids) as wanted join result on result.template_id = wanted
        where test_case_names = '{}'
            and (test_result_statuses = '{}' or result.status = any (test_result_statuses))
        union all
        select candidate.id, candidate.issue_id, result.id
        from candidate cross join lateral unnest(
            case when test_result_statuses = '{}' then '{PASSED,FAILED,SKIPPED}' else test_result_statuses end
        ) as wanted join result on result.status = wanted
        where test_case_names = '{}' and template_ids = '{}'
    )
"""

# `chosen` are the matches that count. A rule that somebody deletes meanwhile attaches nothing more
ATTACHED: LiteralString = """
    , winner as (
        select distinct on (result_id, issue_id) result_id, issue_id, rule_id from chosen
        order by result_id, issue_id, rule_id
    ), held as materialized (
        select id from attachment_rule where id in (select rule_id from winner) for key share
    ), attached as (
        insert into issue_attachment (issue_id, test_result_id, attachment_rule_id)
        select issue_id, result_id, rule_id from winner join held on held.id = winner.rule_id
        on conflict (test_result_id, issue_id) do nothing
    )
"""


class AttachmentRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def attach_by_rules(self, execution_id: int, result_ids: Sequence[int]) -> bool:
        """Of each issue the first rule that matches a result attaches it.

        Rules with patterns stay out; answers whether there are any that fit the execution.
        """
        return await self.executor.fetch_value(
            CANDIDATES
            + MATCHED
            + """
            , chosen as (
                select rule_id, matched.issue_id, result_id
                from matched join candidate on candidate.id = matched.rule_id
                where coalesce(comment_pattern, io_log_pattern) is null
            )
            """
            + ATTACHED
            + "select exists (select from candidate where coalesce(comment_pattern, io_log_pattern) is not null)",
            execution_id,
            result_ids,
        )

    async def attach_by_patterns(self, execution_id: int, result_ids: Sequence[int]) -> None:
        """The same for rules with patterns (Postgres' advanced regular expressions), which may take their time."""
        await self.executor.execute(
            CANDIDATES
            + MATCHED
            + """
            , printed as materialized (
                -- read and lowered once, and not again for each rule
                select result.id, test_result.comment, lower(test_result.comment) as small_comment,
                    coalesce(log.io_log || '', '') as io_log, lower(coalesce(log.io_log, '')) as small_io_log
                from result join test_result on test_result.id = result.id
                    left join test_result_log as log on log.test_result_id = result.id
            ), meeting as (
                -- rule by rule, since Postgres keeps only some expressions ready, and making one ready costs the most
                select rule_id, matched.issue_id, result_id, comment_pattern, comment_needed, io_log_pattern,
                    io_log_needed
                from matched join candidate on candidate.id = matched.rule_id
                where coalesce(comment_pattern, io_log_pattern) is not null order by rule_id offset 0
            ), chosen as (
                select rule_id, issue_id, result_id from meeting join printed on printed.id = meeting.result_id
                where case -- what costs least first; a plan would choose by what it thinks
                    when strpos(small_comment, comment_needed) = 0 then false
                    when strpos(small_io_log, io_log_needed) = 0 then false
                    else coalesce(comment ~ comment_pattern, true) and coalesce(io_log ~ io_log_pattern, true)
                end
            )
            """
            + ATTACHED
            + "select 1",
            execution_id,
            result_ids,
        )

    async def take_over_manual(self, execution_id: int, result_ids: Sequence[int]) -> None:
        """What people attached to earlier results of an execution, to the new ones (`result_ids`) of the same cases."""
        await self.executor.execute(
            """
            insert into issue_attachment (issue_id, test_result_id, attachment_rule_id, attached_by, created_at)
            select distinct on (attachment.issue_id, latest.id) attachment.issue_id, latest.id,
                attachment.attachment_rule_id, attachment.attached_by, attachment.created_at
            from test_result as earlier
            join issue_attachment as attachment
                on attachment.test_result_id = earlier.id and attachment.attached_by is not null
            join (
                select test_case_id, max(id) as id from test_result where id = any ($2::bigint[]) group by test_case_id
            ) as latest on latest.test_case_id = earlier.test_case_id
            where earlier.test_execution_id = $1 and earlier.id <> all ($2::bigint[])
            order by attachment.issue_id, latest.id, attachment.created_at
            on conflict (test_result_id, issue_id) do nothing
            """,
            execution_id,
            result_ids,
        )
