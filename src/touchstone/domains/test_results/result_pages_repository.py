"""How a page of all results is found, newest first, and how they are counted.

"The newest 50" tempts a planner into walking through all results from the newest on, however few fit. So what is asked
for decides the way:

- by execution, where executions are narrowed, and by test case, where cases are: of each of these groups the newest
  result that fits is one step in an index, and so a time is found that the page's last result cannot be older than;
- by attachment, where issues are named: the results that have them are few;
- from the newest on, where only statuses and dates are asked for: the index holds both.
"""

import datetime as dt
from typing import LiteralString

from touchstone.domains.filters.binding import Binding
from touchstone.domains.filters.schemas import TestResultSearchFilters
from touchstone.domains.filters.selections import (
    EXECUTIONS,
    IS_ATTACHED,
    is_of_shown_family,
    of_any_executions,
    of_result_rows,
    of_results,
    selecting_attached,
    selecting_cases,
    selecting_their_executions,
)
from touchstone.http.paging import LARGEST_PAGE

# how many executions are looked into for a time that the page's last result cannot be older than
FEWEST_GROUPS = 20
RESULTS_OF_A_GROUP = 100
MOST_GROUPS = 1_000_000
# among how many of the newest results attached ones are looked for before all attached ones are
NEAR = 20_000
LARGEST_OFFSET = 2**62

KEPT_COUNTS: tuple[tuple[str, LiteralString], ...] = (
    ("PASSED", "execution.passed_count"),
    ("FAILED", "execution.failed_count"),
    ("SKIPPED", "execution.skipped_count"),
)
COLUMNS: LiteralString = "result.id, result.test_execution_id, result.created_at"
NEWEST_FIRST: LiteralString = " order by created_at desc, id desc "
# in place of a CTE that is not worth a try
NOT_NEAR: tuple[LiteralString, LiteralString] = (
    "near as materialized (select null::bigint as id, null::integer as test_execution_id, "
    "null::timestamptz as created_at where false)",
    "false",
)


class ResultPages:
    """`page` is the CTEs that end with one of this name: id, test_execution_id and created_at of the results.

    `before` is the sort key of the last result seen; the offset counts from there.
    """

    def __init__(
        self,
        filters: TestResultSearchFilters,
        families: tuple[str, ...],
        binding: Binding,
        *,
        limit: int,
        offset: int,
        before: tuple[dt.datetime, int] | None,
        is_counted: bool,
    ) -> None:
        self.filters, self.families, self.binding = filters, families, binding
        self.limit, self.offset = limit, min(offset, LARGEST_OFFSET)
        self.before, self.is_counted = before, is_counted

    def page(self) -> LiteralString:
        if self._is_by_attachment():
            return self._by_attachment()
        if self._has_cases():
            return self._by_case()
        return self._by_execution() if self.filters.narrows_executions else self._from_the_newest()

    def count(self) -> LiteralString:
        """An expression: of the page's own CTE, of the counts kept with executions, or of the results themselves."""
        if not self.is_counted:
            return "null::bigint"
        if self._is_by_attachment() and self.before is None:
            return "(select count(*) from found)"
        if self.filters.issues != "none":
            return self._counted(self.filters)
        of_any = self._counted(self.filters.whatever_the_issues())
        return "(" + of_any + " - " + self._counted_attached() + ")"

    def _has_cases(self) -> bool:
        return bool(self.filters.test_cases or self.filters.template_ids)

    def _is_by_attachment(self) -> bool:
        """Named cases are fewer than all attachments; those without a template are many."""
        if isinstance(self.filters.issues, list):
            return bool(self.filters.issues)
        names_cases = self._has_cases() and "" not in self.filters.template_ids
        return self.filters.issues == "any" and not names_cases

    def _counted(self, filters: TestResultSearchFilters) -> LiteralString:
        if self._has_cases() or filters.has_dates or filters.issues:
            condition = of_results(filters, self.families, self.binding)
            return "(select count(*) from test_result as result where " + condition + ")"
        kept: LiteralString = "0"
        for status, column in KEPT_COUNTS:
            if not filters.test_result_statuses or status in filters.test_result_statuses:
                kept = kept + " + " + column
        condition = of_any_executions(filters, self.families, self.binding)
        return "(select coalesce(sum(" + kept + "), 0)::bigint from " + EXECUTIONS + " where " + condition + ")"

    def _counted_attached(self) -> LiteralString:
        condition = of_result_rows(self.filters, self.binding) + self._of_executions() + self._of_cases()
        return "(select count(*) from " + self._attached("any", condition) + ")"

    def _attached(self, asked: list[int] | str, condition: LiteralString) -> LiteralString:
        """As lookups one by one, which the planner takes for dearer than reading all results."""
        return (
            selecting_attached("any" if isinstance(asked, str) else asked, self.binding)
            + " as attached cross join lateral (select "
            + COLUMNS
            + " from test_result as result where result.id = attached.test_result_id and "
            + condition
            + " limit 1) as fitting"
        )

    def _by_attachment(self) -> LiteralString:
        """Those that have any issue at all may be near, which is tried before all of them are looked up."""
        rows, executions = self._of_rows(), self._of_executions()
        near, is_filled = self._near(rows, executions) if self._may_be_near() else NOT_NEAR
        return (
            near
            + """, found as materialized (
                select fitting.id, fitting.test_execution_id, fitting.created_at from """
            + self._attached(self.filters.issues, rows + executions + self._of_cases())
            + " where not "
            + is_filled
            + """), page as materialized (select id, test_execution_id, created_at from (
                select id, test_execution_id, created_at from near where """
            + is_filled
            + " union all select id, test_execution_id, created_at from found) as either "
            + NEWEST_FIRST
            + self._window()
            + ")"
        )

    def _may_be_near(self) -> bool:
        is_short = self.offset <= LARGEST_PAGE and not self.is_counted
        return self.filters.issues == "any" and not self._has_cases() and is_short

    def _near(self, rows: LiteralString, executions: LiteralString) -> tuple[LiteralString, LiteralString]:
        """A CTE of the attached ones among the newest results, and whether they fill the page."""
        reach = self._reach()
        near: LiteralString = (
            "near as materialized (select "
            + COLUMNS
            + " from (select "
            + COLUMNS
            + " from test_result as result where "
            + rows
            + NEWEST_FIRST
            + "limit "
            + self.binding.bind(NEAR)
            + "::bigint) as result where "
            + IS_ATTACHED
            + executions
            + NEWEST_FIRST
            + "limit "
            + reach
            + ")"
        )
        return near, "((select count(*) from near) >= " + reach + ")"

    def _from_the_newest(self) -> LiteralString:
        return (
            "page as materialized (select "
            + COLUMNS
            + " from test_result as result where "
            + self._of_rows()
            + self._of_executions()
            + self._of_absent_issues()
            + NEWEST_FIRST
            + self._window()
            + ")"
        )

    def _by_execution(self) -> LiteralString:
        """Results of an execution come together, so that some executions hold a page."""
        groups = self.binding.bind(min(FEWEST_GROUPS + self.offset // RESULTS_OF_A_GROUP, MOST_GROUPS))
        chosen = selecting_their_executions(self.filters, self.families, self.binding)
        condition: LiteralString = (
            "result.test_execution_id = chosen.id and " + self._of_rows() + self._of_absent_issues()
        )
        return self._by_group(chosen, condition, groups + "::bigint", self._reach())

    def _by_case(self) -> LiteralString:
        """Results of a case are spread over time, so that of each case some are on a page."""
        condition: LiteralString = (
            "result.test_case_id = chosen.id and " + self._of_rows() + self._of_executions() + self._of_absent_issues()
        )
        if self.filters.issues == "any":
            condition = condition + " and " + IS_ATTACHED
        depth: LiteralString = "(select " + self._reach() + " * 2 / greatest(count(*), 1) + 10 from chosen)"
        return self._by_group(selecting_cases(self.filters, self.binding), condition, "null", depth)

    def _by_group(
        self, chosen: LiteralString, condition: LiteralString, groups: LiteralString, depth: LiteralString
    ) -> LiteralString:
        """`chosen` selects the ids of the groups. The page's last result is not older than the newest ones of as many
        groups as the page reaches, nor than as many of the newest `depth` ones of each of the newest `groups`."""
        reach = self._reach()
        of_group: LiteralString = "select " + COLUMNS + " from test_result as result where " + condition
        return (
            "chosen as materialized "
            + chosen
            + """, newest as materialized (
                select chosen.id as group_id, latest.id, latest.created_at from chosen cross join lateral ("""
            + of_group
            + NEWEST_FIRST
            + "limit 1) as latest), oldest as materialized (select greatest((select created_at from newest "
            + "order by created_at desc limit 1 offset "
            + reach
            + " - 1), (select member.created_at from (select group_id as id from newest "
            + "order by newest.created_at desc, newest.id desc limit "
            + groups
            + ") as chosen cross join lateral ("
            + of_group
            + NEWEST_FIRST
            + " limit "
            + depth
            + ") as member order by member.created_at desc limit 1 offset "
            + reach
            + """ - 1), '-infinity') as created_at), page as materialized (
                select member.id, member.test_execution_id, member.created_at
                from (select group_id as id from newest where created_at >= (select created_at from oldest)) as chosen
                cross join lateral ("""
            + of_group
            + " and result.created_at >= (select created_at from oldest) "
            + NEWEST_FIRST
            + " limit "
            + reach
            + ") as member order by member.created_at desc, member.id desc "
            + self._window()
            + ")"
        )

    def _of_rows(self) -> LiteralString:
        condition = of_result_rows(self.filters, self.binding)
        if self.before is None:
            return condition
        at, result_id = self.binding.bind(self.before[0]), self.binding.bind(self.before[1])
        return condition + " and (result.created_at, result.id) < (" + at + "::timestamptz, " + result_id + "::bigint)"

    def _of_executions(self) -> LiteralString:
        """As a lookup in a hash, that leaves the order of an index as it is."""
        if not self.filters.narrows_executions:
            return " and " + is_of_shown_family(self.families, self.binding)
        chosen = selecting_their_executions(self.filters, self.families, self.binding)
        return " and (result.test_execution_id in " + chosen + ") is true"

    def _of_cases(self) -> LiteralString:
        if not self._has_cases():
            return ""
        return " and result.test_case_id = any (array" + selecting_cases(self.filters, self.binding) + ")"

    def _of_absent_issues(self) -> LiteralString:
        return " and not " + IS_ATTACHED if self.filters.issues == "none" else ""

    def _reach(self) -> LiteralString:
        """Which of all results, counted from the newest, the page's last one is; at least 1."""
        return self.binding.bind(max(self.limit + self.offset, 1)) + "::bigint"

    def _window(self) -> LiteralString:
        size, skipped = self.binding.bind(self.limit), self.binding.bind(self.offset)
        return " limit " + size + "::bigint offset " + skipped + "::bigint"
