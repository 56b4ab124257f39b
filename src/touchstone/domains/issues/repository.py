"""The table `issue`. `shown` says which words of families and sources the caller is shown."""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.adapters.issue_tracker import IssueReference
from touchstone.database.executor import Executor
from touchstone.domains.issues.model import AttachmentRuleNotFound, IssueNotFound, IssueRow
from touchstone.domains.shapes.attachment_rules import RULE_DETAILS_JSON
from touchstone.domains.shapes.issues import ISSUE_JSON, ISSUE_URL, SOURCES
from touchstone.domains.shapes.shown import SHOWN, Shown

SELECT_ROW: LiteralString = "select id, source, host, project, key, title, status, auto_rerun_enabled from issue "

ISSUE_DETAILS_JSON: LiteralString = (
    "("
    + ISSUE_JSON
    + """::jsonb - 'test_executions_count' || jsonb_build_object('auto_rerun_enabled', issue.auto_rerun_enabled,
        'attachment_rules', coalesce((
            select jsonb_agg("""
    + RULE_DETAILS_JSON
    + """order by rule.id) from attachment_rule as rule where rule.issue_id = issue.id
        ), '[]')))
"""
)

# a word may stand in any of these, percent signs and underscores in it stand for others
MATCHES_WORDS: LiteralString = (
    """
    not exists (
        select from unnest($7::text[]) as sought (word)
        where not (issue.id::text ilike '%' || word || '%' or issue.source ilike '%' || word || '%'
            or issue.project ilike '%' || word || '%' or issue.key ilike '%' || word || '%'
            or issue.title ilike '%' || word || '%' or issue.status ilike '%' || word || '%'
            or """
    + ISSUE_URL
    + """ ilike '%' || word || '%')
    )
"""
)
HAS_FAMILY: LiteralString = """
    exists (
        select from issue_attachment as attachment
            join test_result as result on result.id = attachment.test_result_id
            join test_execution as execution on execution.id = result.test_execution_id
            join artefact_build as build on build.id = execution.artefact_build_id
            join artefact on artefact.id = build.artefact_id
        where attachment.issue_id = issue.id and artefact.family = any ($6::text[])
    )
"""

# an IssuesGetResponse
PAGE_JSON: LiteralString = (
    SHOWN
    + """
    , matching as materialized (
        select issue.id, row_number() over (
            order by array_position($10::text[], issue.source), issue.project, issue.key, issue.id
        ) as place
        from issue
        where issue.source = any ((select sources from shown)::text[])
            and coalesce(issue.source = $3::text, true) and coalesce(issue.project = $4::text, true)
            and ($5::text[] = '{}' or issue.status = any ($5::text[]))
            and ($6::text[] = '{}' or """
    + HAS_FAMILY
    + ") and "
    + MATCHES_WORDS
    + """
    ), page as (
        select place, ("""
    + ISSUE_JSON
    + """::jsonb || jsonb_build_object('test_executions_count', (
            select count(distinct result.test_execution_id) from issue_attachment as attachment
            join test_result as result on result.id = attachment.test_result_id
            where attachment.issue_id = issue.id
        ))) as listed
        from matching join issue on issue.id = matching.id
        where place > $9::bigint and place <= $8::bigint + $9::bigint
    )
    select json_build_object('issues', coalesce((select json_agg(listed order by place) from page), '[]'),
        'count', (select count(*) from matching), 'limit', $8::bigint, 'offset', $9::bigint)
    """
)


class IssueRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_page(
        self,
        shown: Shown,
        *,
        source: str | None,
        project: str | None,
        statuses: Sequence[str],
        families: Sequence[str],
        words: Sequence[str],
        limit: int,
        offset: int,
    ) -> bytes:
        """An IssuesGetResponse; each word must stand somewhere in an issue."""
        found = await self.executor.fetch_json(
            PAGE_JSON,
            *shown.words,
            source,
            project,
            list(statuses),
            list(families),
            list(words),
            limit,
            offset,
            list(SOURCES),
        )
        assert found is not None  # it has no source that could be empty
        return found

    async def get(self, shown: Shown, issue_id: int) -> bytes:
        """An IssueResponse. Raises IssueNotFound."""
        found = await self.executor.fetch_json(
            SHOWN
            + "select "
            + ISSUE_DETAILS_JSON
            + "from issue where issue.id = $3 and issue.source = any ((select sources from shown)::text[])",
            *shown.words,
            issue_id,
        )
        if found is None:
            raise IssueNotFound
        return found

    async def require(self, shown: Shown, issue_id: int) -> None:
        """Until the end of the transaction the issue stays. Raises IssueNotFound."""
        is_there = await self.executor.fetch_value(
            "select true from issue where id = $1 and source = any ($2::text[]) for key share",
            issue_id,
            list(shown.sources),
        )
        if not is_there:
            raise IssueNotFound

    async def require_rule(self, rule_id: int) -> None:
        """Until the end of the transaction the rule stays, whosever it is. Raises AttachmentRuleNotFound."""
        is_there = await self.executor.fetch_value(
            "select true from attachment_rule where id = $1 for key share", rule_id
        )
        if not is_there:
            raise AttachmentRuleNotFound

    async def insert_if_new(self, reference: IssueReference) -> bool:
        """Whether nobody had it before."""
        touched = await self.executor.execute(
            """
            insert into issue (source, host, project, key) values ($1, $2, $3, $4)
            on conflict (source, host, project, key) do nothing
            """,
            reference.source,
            reference.host,
            reference.project,
            reference.key,
        )
        return touched == 1

    async def lock_by_reference(self, reference: IssueReference) -> IssueRow:
        """Raises IssueNotFound."""
        row = await self.executor.fetch_one(
            IssueRow,
            SELECT_ROW + "where source = $1 and host = $2 and project = $3 and key = $4 for no key update",
            reference.source,
            reference.host,
            reference.project,
            reference.key,
        )
        if row is None:
            raise IssueNotFound
        return row

    async def lock(self, shown: Shown, issue_id: int) -> IssueRow:
        """Raises IssueNotFound."""
        row = await self.executor.fetch_one(
            IssueRow,
            SELECT_ROW + "where id = $1 and source = any ($2::text[]) for no key update",
            issue_id,
            list(shown.sources),
        )
        if row is None:
            raise IssueNotFound
        return row

    async def update(self, row: IssueRow) -> None:
        await self.executor.execute(
            """
            update issue set title = $2, auto_rerun_enabled = $4, updated_at = now(), status = $3,
                status_changed_at = case when status = $3 then status_changed_at else now() end
            where id = $1
            """,
            row.id,
            row.title,
            row.status,
            row.auto_rerun_enabled,
        )
