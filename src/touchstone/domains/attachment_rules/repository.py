"""The tables `attachment_rule` and `attachment_rule_metadata`. `shown` says which words the caller is shown."""

from collections.abc import Sequence
from typing import LiteralString

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.attachment_rules.model import RuleRow, RuleState
from touchstone.domains.attachment_rules.patterns import needed_text
from touchstone.domains.attachment_rules.schemas import IssueTestResultAttachmentRulePostRequest, ListedAttachmentRule
from touchstone.domains.issues.model import AttachmentRuleNotFound
from touchstone.domains.shapes.attachment_rules import RULE_DETAILS_JSON, AttachmentRuleResponse
from touchstone.domains.shapes.issues import ISSUE_JSON
from touchstone.domains.shapes.shown import SHOWN, Shown

IS_EXPIRED: LiteralString = "coalesce(rule.expires_at <= now(), false)"
GOES_ON: LiteralString = "(rule.is_enabled and not " + IS_EXPIRED + ")"
OF_STATE: dict[RuleState | None, LiteralString] = {
    None: "true",
    RuleState.ENABLED: GOES_ON,
    RuleState.DISABLED: "not rule.is_enabled",
    RuleState.EXPIRED: IS_EXPIRED,
    RuleState.STALE: GOES_ON
    + """ and issue.status = 'closed' and exists (
        select from issue_attachment as attachment
        where attachment.attachment_rule_id = rule.id and attachment.attached_by is null
            and attachment.created_at > issue.status_changed_at
    )""",
}
INSERT: LiteralString = """
    with rule as (
        insert into attachment_rule (issue_id, owner, is_enabled, families, artefacts, artefact_versions,
            artefact_stages, artefact_tracks, environment_names, test_case_names, template_ids, test_plans,
            test_result_statuses, comment_pattern, io_log_pattern, expires_at, comment_needed, io_log_needed)
        select $1, $2, enabled, families, artefacts, artefact_versions, artefact_stages, artefact_tracks,
            environment_names, test_case_names, template_ids, test_plans, test_result_statuses, comment_pattern,
            io_log_pattern, $4, $5, $6
        from jsonb_to_record($3::jsonb) as asked (
            enabled boolean, families text[], artefacts text[], artefact_versions text[], artefact_stages text[],
            artefact_tracks text[], environment_names text[], test_case_names text[], template_ids text[],
            test_plans text[], test_result_statuses text[], comment_pattern text, io_log_pattern text
        )
        returning id
    ), described as (
        insert into attachment_rule_metadata (attachment_rule_id, category, value)
        select distinct rule.id, asked.key, listed.word
        from rule, jsonb_each($3::jsonb -> 'execution_metadata') as asked,
            jsonb_array_elements_text(asked.value) as listed (word)
    )
    select id from rule
"""


class AttachmentRuleRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, shown: Shown, rule_id: int) -> AttachmentRuleResponse:
        """Raises AttachmentRuleNotFound."""
        found = await self.executor.fetch_json(
            SHOWN + "select " + RULE_DETAILS_JSON + "from attachment_rule as rule where rule.id = $3",
            *shown.words,
            rule_id,
        )
        if found is None:
            raise AttachmentRuleNotFound
        return msgspec.json.decode(found, type=AttachmentRuleResponse)

    async def asked_by(self, rule_id: int) -> IssueTestResultAttachmentRulePostRequest:
        """What the rule asks for, of all families. Raises AttachmentRuleNotFound."""
        found = await self.executor.fetch_one(
            IssueTestResultAttachmentRulePostRequest,
            """
            select families, artefacts, artefact_versions, artefact_stages, artefact_tracks, environment_names,
                test_case_names, template_ids, test_plans, test_result_statuses, comment_pattern, io_log_pattern,
                (
                    select coalesce(json_object_agg(category, listed), '{}') from (
                        select category, json_agg(value) as listed from attachment_rule_metadata
                        where attachment_rule_id = rule.id group by category
                    ) as categories
                ) as execution_metadata
            from attachment_rule as rule where id = $1
            """,
            rule_id,
        )
        if found is None:
            raise AttachmentRuleNotFound
        return found

    async def list_newest(
        self, shown: Shown, state: RuleState | None, issue_id: int | None, *, before: int | None, limit: int
    ) -> list[ListedAttachmentRule]:
        """Newest first, below the id `before`."""
        found = await self.executor.fetch_json(
            SHOWN
            + """
            , page as materialized (
                select rule.id from attachment_rule as rule join issue on issue.id = rule.issue_id
                where issue.source = any ((select sources from shown)::text[])
                    and coalesce(rule.issue_id = $3::integer, true) and coalesce(rule.id < $4::bigint, true) and """
            + OF_STATE[state]
            + """
                order by rule.id desc limit $5
            )
            select coalesce(json_agg(("""
            + RULE_DETAILS_JSON
            + " || jsonb_build_object('issue', "
            + ISSUE_JSON
            + """)) order by rule.id desc), '[]')
            from page join attachment_rule as rule on rule.id = page.id join issue on issue.id = rule.issue_id
            """,
            *shown.words,
            issue_id,
            before,
            limit,
        )
        return msgspec.json.decode(found or b"[]", type=list[ListedAttachmentRule])

    async def insert(self, issue_id: int, owner: str, rule: IssueTestResultAttachmentRulePostRequest) -> int:
        """The id of the new rule; pairs of metadata that are given twice are there once."""
        needed = [pattern and needed_text(pattern) for pattern in (rule.comment_pattern, rule.io_log_pattern)]
        return await self.executor.fetch_value(INSERT, issue_id, owner, rule, rule.expires_at, *needed)

    async def lock(self, rule_id: int) -> RuleRow | None:
        return await self.executor.fetch_one(
            RuleRow,
            """
            select id, issue_id, is_enabled as enabled, expires_at from attachment_rule
            where id = $1 for no key update
            """,
            rule_id,
        )

    async def update(self, row: RuleRow) -> None:
        await self.executor.execute(
            "update attachment_rule set is_enabled = $2, expires_at = $3, updated_at = now() where id = $1",
            row.id,
            row.enabled,
            row.expires_at,
        )

    async def delete(self, rule_id: int) -> None:
        """What it attached stays attached."""
        await self.executor.execute("delete from attachment_rule where id = $1", rule_id)

    async def meet(self, pattern: str, texts: Sequence[str]) -> None:
        """Looks for a pattern in texts, to see whether Postgres can."""
        await self.executor.execute("select bool_or(text ~ $1) from unnest($2::text[]) as text", pattern, texts)
