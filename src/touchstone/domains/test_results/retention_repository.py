"""What tests printed and files of results that the rules of retention no longer keep.

In the tables `test_result_log` and `raw_result_file`. The objects of files go later, when no row refers to them.
"""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.keeping.model import (
    CHOSEN_RULE,
    MOST_COUNTED,
    RULES,
    SUMMARY,
    YOUNGEST,
    Going,
    KeepingRule,
    Page,
)

ARTEFACT: LiteralString = (
    """
    join artefact_build as build on build.id = execution.artefact_build_id
    join artefact on artefact.id = build.artefact_id
    """
    + CHOSEN_RULE
)
OLD_LOGS: LiteralString = (
    """
    from test_result as result join test_execution as execution on execution.id = result.test_execution_id
    """
    + ARTEFACT
    + """
    where not artefact.is_important and result.created_at < now() - chosen.kept_days * interval '1 day'
    """
)
OLD_FILES: LiteralString = (
    """
    from raw_result_file as file join test_execution as execution on execution.id = file.test_execution_id
    """
    + ARTEFACT
    + """
    where not artefact.is_important and file.created_at < now() - chosen.kept_days * interval '1 day'
    """
)


class ResultRetentionRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def delete_old_logs(self, rules: Sequence[KeepingRule], after: int, looked_at: int) -> Page:
        """Those of the next `looked_at` logs that no rule keeps; `after` is the result of the last one seen."""
        return await self._page(
            "with "
            + RULES
            + """
            , page as materialized (
                select test_result_id as id from test_result_log where test_result_id > $2 order by 1 limit $3
            ), dated as (
                select max(id) as id, count(*) as number, min(created_at) as created_at
                from page join test_result using (id)
            ), going as materialized (
                select result.id
            """
            + OLD_LOGS
            + """ and result.id in (select id from page)
            ), gone as (
                delete from test_result_log using going where test_result_id = going.id returning going.id
            )
            """
            + _paged,
            rules,
            after,
            looked_at,
        )

    async def delete_old_files(self, rules: Sequence[KeepingRule], after: int, looked_at: int) -> Page:
        """Those of the next `looked_at` files that no rule keeps; `after` is the id of the last one seen."""
        return await self._page(
            "with "
            + RULES
            + """
            , page as materialized (
                select id, created_at from raw_result_file where id > $2 order by id limit $3
            ), dated as (
                select max(id) as id, count(*) as number, min(created_at) as created_at from page
            ), going as materialized (
                select file.id
            """
            + OLD_FILES
            + """ and file.id in (select id from page)
            ), gone as (
                delete from raw_result_file as file using going where file.id = going.id returning file.id
            )
            """
            + _paged,
            rules,
            after,
            looked_at,
        )

    async def preview_logs(self, rules: Sequence[KeepingRule]) -> Going:
        """What would go; bytes as they are stored, compressed."""
        return await self._preview(
            "with "
            + RULES
            + """
            , going as materialized (
                select result.id, result.created_at as since, pg_column_size(log.io_log) as bytes
                from test_result_log as log join lateral (
                    select result.id, result.created_at
            """
            + OLD_LOGS
            + " and result.id = log.test_result_id) as result on true order by log.test_result_id limit $2) select "
            + SUMMARY,
            rules,
        )

    async def preview_files(self, rules: Sequence[KeepingRule]) -> Going:
        """What would go; of a file that came several times the bytes count each time."""
        return await self._preview(
            "with "
            + RULES
            + ", going as materialized (select file.id, file.created_at as since, file.size as bytes "
            + OLD_FILES
            + " order by file.id limit $2) select "
            + SUMMARY,
            rules,
        )

    async def _page(self, sql: LiteralString, rules: Sequence[KeepingRule], after: int, looked_at: int) -> Page:
        page = await self.executor.fetch_one(Page, sql, rules, after, looked_at)
        assert page is not None  # it selects from an aggregate
        return page

    async def _preview(self, sql: LiteralString, rules: Sequence[KeepingRule]) -> Going:
        going = await self.executor.fetch_one(Going, sql, rules, MOST_COUNTED + 1)
        assert going is not None  # an aggregate has a row always
        return going


# ids follow the times, so that behind a page of young rows there are no old ones
_paged: LiteralString = (
    """
    select coalesce((select array_agg(id order by id) from gone), '{}') as gone,
        case when number = $3 and created_at < """
    + YOUNGEST
    + " then id end as last from dated"
)
