"""How many results there are of what, for gauges. The first ten labels are the same in all of them."""

from typing import LiteralString

import msgspec

from touchstone.database.executor import Executor


class Series(msgspec.Struct, frozen=True):
    labels: tuple[str, ...]
    count: int


# results of executions that were made in the last $1 days, or of all where that is 0
_RECENT: LiteralString = """
    with recent as (
        select execution.id, array[artefact.family, artefact.name, artefact.stage, artefact.track, artefact.series,
                artefact.os, environment.name, test_plan.name] as labels,
            execution.passed_count, execution.failed_count, execution.skipped_count
        from test_execution as execution
            join artefact_build as build on build.id = execution.artefact_build_id
            join artefact on artefact.id = build.artefact_id
            join environment on environment.id = execution.environment_id
            join test_plan on test_plan.id = execution.test_plan_id
        where $1 = 0 or execution.created_at >= now() - $1 * interval '1 day'
    ), counted as (
"""

# the greatest $2 are told one by one; the others are summed up by status, so that sums over all stay true
_BOUNDED: LiteralString = """
    ), placed as (
        select labels, count, row_number() over (order by count desc, labels) as place from counted
    ), told as (
        select count, case when place <= $2 then labels else array_fill('other'::text, array[9]) || labels[10:10]
            || array_fill('other'::text, array[cardinality(labels) - 10]) end as labels
        from placed
    )
    select labels, sum(count)::bigint as count from told group by labels order by labels
"""

# an execution knows how many results of each kind it has
_BY_STATUS: LiteralString = """
    cross join lateral (values ('PASSED', recent.passed_count), ('FAILED', recent.failed_count),
        ('SKIPPED', recent.skipped_count)) as known (status, times)
"""

_RESULTS: LiteralString = (
    _RECENT
    + "select recent.labels || array['', known.status] as labels, sum(known.times) as count from recent"
    + _BY_STATUS
    + "where known.times > 0 group by 1"
    + _BOUNDED
)

_RESULTS_OF_CASES: LiteralString = (
    _RECENT
    + """
        select recent.labels || array[test_case.name, result.status] as labels, count(*) as count
        from recent
            join test_result as result on result.test_execution_id = recent.id
            join test_case on test_case.id = result.test_case_id
        group by 1
    """
    + _BOUNDED
)

_TRIAGED: LiteralString = (
    _RECENT
    + """
        select recent.labels || array[case when $3 then test_case.name else '' end, result.status]
            || array[issue.source, issue.project, issue.key] as labels, count(*) as count
        from issue_attachment as attachment
            join issue on issue.id = attachment.issue_id
            join test_result as result on result.id = attachment.test_result_id
            join test_case on test_case.id = result.test_case_id
            join recent on recent.id = result.test_execution_id
        group by 1
    """
    + _BOUNDED
)

_METADATA: LiteralString = (
    _RECENT
    + """
        select recent.labels || array['', known.status] || array[pair.category, pair.value] as labels,
            sum(known.times) as count
        from recent
            join test_execution_metadata as link on link.test_execution_id = recent.id
            join execution_metadata as pair on pair.id = link.execution_metadata_id
    """
    + _BY_STATUS
    + "where known.times > 0 group by 1"
    + _BOUNDED
)

_METADATA_OF_CASES: LiteralString = (
    _RECENT
    + """
        select recent.labels || array[test_case.name, result.status] || array[pair.category, pair.value] as labels,
            count(*) as count
        from recent
            join test_execution_metadata as link on link.test_execution_id = recent.id
            join execution_metadata as pair on pair.id = link.execution_metadata_id
            join test_result as result on result.test_execution_id = recent.id
            join test_case on test_case.id = result.test_case_id
        group by 1
    """
    + _BOUNDED
)


class GaugeRepository:
    """`days` 0 counts all there is; at most `most` series, and three for what the others are summed up in."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def count_results(self, days: int, most: int, *, by_case: bool) -> list[Series]:
        if by_case:
            return await self._executor.fetch_all(Series, _RESULTS_OF_CASES, days, most)
        return await self._executor.fetch_all(Series, _RESULTS, days, most)

    async def count_triaged(self, days: int, most: int, *, by_case: bool) -> list[Series]:
        """By issue too; a result with two issues counts for both."""
        return await self._executor.fetch_all(Series, _TRIAGED, days, most, by_case)

    async def count_by_metadata(self, days: int, most: int, *, by_case: bool) -> list[Series]:
        """By pair too; a result counts for each pair of its execution."""
        if by_case:
            return await self._executor.fetch_all(Series, _METADATA_OF_CASES, days, most)
        return await self._executor.fetch_all(Series, _METADATA, days, most)
