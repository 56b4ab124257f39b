"""Filters as SQL: subselects of ids, for any statement that is about the results or executions somebody asked for.

    binding = Binding()
    sql = "update … where id in " + selecting_results(filters, shown.families, binding)
    await executor.execute(sql, *binding.values)

`families` are those that the caller is shown: of others nothing is selected. In conditions `execution`, `build` and
`artefact` are rows of the tables of executions, builds and artefacts, `result` one of test_result.
"""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.domains.families.model import FAMILIES
from touchstone.domains.filters.binding import Binding
from touchstone.domains.filters.schemas import (
    Asked,
    Filters,
    TestExecutionRerunFilters,
    TestExecutionSearchFilters,
    TestResultSearchFilters,
)

EXECUTIONS: LiteralString = """
    test_execution as execution
    join artefact_build as build on build.id = execution.artefact_build_id
    join artefact on artefact.id = build.artefact_id
"""
"""What the conditions of executions are about."""

NOTHING_MORE: LiteralString = "true"

RERUN_OF_GROUP: LiteralString = """exists (
    select from rerun_request as requested where requested.test_plan_id = execution.test_plan_id
        and requested.artefact_build_id = execution.artefact_build_id
        and requested.environment_id = execution.environment_id
)"""
LATER_IN_GROUP: LiteralString = """exists (
    select from test_execution as later where later.test_plan_id = execution.test_plan_id
        and later.artefact_build_id = execution.artefact_build_id and later.environment_id = execution.environment_id
        and later.id > execution.id
)"""
HAS_RESULTS: LiteralString = "execution.passed_count + execution.failed_count + execution.skipped_count > 0"
IS_ATTACHED: LiteralString = "exists (select from issue_attachment where test_result_id = result.id)"


def selecting_executions(
    filters: TestExecutionRerunFilters, families: Sequence[str], binding: Binding
) -> LiteralString:
    """The ids of the executions, in parentheses."""
    return "(select execution.id from " + EXECUTIONS + " where " + of_executions(filters, families, binding) + ")"


def selecting_results(filters: TestResultSearchFilters, families: Sequence[str], binding: Binding) -> LiteralString:
    """The ids of the results, in parentheses; of the newest ones where the filters have a limit or an offset."""
    return "(select result.id from test_result as result where " + _limited(filters, families, binding) + ")"


def selecting_executions_of_results(
    filters: TestResultSearchFilters, families: Sequence[str], binding: Binding
) -> LiteralString:
    """The ids of the executions that have one of the results, in parentheses; an id may come several times."""
    return (
        "(select result.test_execution_id from test_result as result where "
        + _limited(filters, families, binding)
        + ")"
    )


def _limited(filters: TestResultSearchFilters, families: Sequence[str], binding: Binding) -> LiteralString:
    conditions = of_results(filters, families, binding)
    if filters.limit is None and not filters.offset:
        return conditions
    size, skipped = binding.bind(filters.limit), binding.bind(filters.offset)
    return (
        conditions
        + " order by result.created_at desc, result.id desc limit "
        + size
        + "::bigint offset "
        + skipped
        + "::bigint"
    )


def of_results(filters: TestResultSearchFilters, families: Sequence[str], binding: Binding) -> LiteralString:
    """The condition that `result` is one of those asked for."""
    conditions = _of_result_rows(filters, binding)
    conditions += _of_cases(filters, binding)
    conditions += _of_issues(filters.issues, binding)
    if filters.narrows_executions:
        conditions.append("result.test_execution_id in " + selecting_their_executions(filters, families, binding))
    elif set(families) < set(FAMILIES):
        conditions.append(is_of_shown_family(families, binding))
    return _all_of(conditions)


def selecting_their_executions(filters: Filters, families: Sequence[str], binding: Binding) -> LiteralString:
    """The ids of the executions that results may belong to, in parentheses; dates are not looked at."""
    return "(select execution.id from " + EXECUTIONS + " where " + of_any_executions(filters, families, binding) + ")"


def is_of_shown_family(families: Sequence[str], binding: Binding) -> LiteralString:
    """As a lookup among the few executions that are not shown, which no plan is built upon."""
    return (
        """(result.test_execution_id in (
            select execution.id from artefact join artefact_build as build on build.artefact_id = artefact.id
                join test_execution as execution on execution.artefact_build_id = build.id
            where artefact.family <> all ("""
        + binding.bind(list(families))
        + "::text[]))) is not true"
    )


def of_executions(filters: TestExecutionRerunFilters, families: Sequence[str], binding: Binding) -> LiteralString:
    """The condition that `execution` is one of those asked for, given `EXECUTIONS`."""
    conditions: list[LiteralString] = [of_any_executions(filters, families, binding)]
    if filters.from_date is not None:
        conditions.append("execution.updated_at >= " + binding.bind(filters.from_date) + "::timestamptz")
    if filters.until_date is not None:
        conditions.append("execution.updated_at <= " + binding.bind(filters.until_date) + "::timestamptz")
    if isinstance(filters, TestExecutionSearchFilters):
        conditions += _of_events(filters.event_names, binding)
        conditions += _of_their_results(filters.test_result, binding)
    return _all_of(conditions)


def of_any_executions(filters: Filters, families: Sequence[str], binding: Binding) -> LiteralString:
    """The same without the dates."""
    asked = [family for family in filters.families if family in families] if filters.families else list(families)
    conditions: list[LiteralString] = []
    if set(asked) < set(FAMILIES):
        conditions.append("artefact.family" + _is_any(asked, binding))
    conditions += _of_artefacts(filters, binding)
    conditions += _of_places_and_plans(filters, binding)
    conditions += _of_metadata(filters.execution_metadata, binding)
    conditions += _of_groups(filters)
    return _all_of(conditions)


def _of_artefacts(filters: Filters, binding: Binding) -> list[LiteralString]:
    columns: list[tuple[LiteralString, list[str]]] = [
        ("artefact.name", filters.artefacts),
        ("artefact.version", filters.artefact_versions),
        ("artefact.stage", filters.artefact_stages),
        ("artefact.track", filters.artefact_tracks),
    ]
    conditions = _of_columns(columns, binding)
    if filters.artefact_is_archived is not None:
        conditions.append("artefact.is_archived" if filters.artefact_is_archived else "not artefact.is_archived")
    return conditions + _of_reviewers(filters.reviewers, binding)


def _of_reviewers(asked: Asked, binding: Binding) -> list[LiteralString]:
    if not asked:
        return []
    reviewed: LiteralString = "exists (select from artefact_reviewer where artefact_id = artefact.id"
    if isinstance(asked, list):
        return [reviewed + " and user_id = any (" + binding.bind(asked) + "::integer[]))"]
    return [reviewed + ")" if asked == "any" else "not " + reviewed + ")"]


def _of_places_and_plans(filters: Filters, binding: Binding) -> list[LiteralString]:
    conditions: list[LiteralString] = []
    if filters.environments:
        named = "(select id from environment where name" + _is_any(filters.environments, binding) + ")"
        conditions.append("execution.environment_id = any (array" + named + ")")
    if filters.test_plans:
        named = "(select id from test_plan where name" + _is_any(filters.test_plans, binding) + ")"
        conditions.append("execution.test_plan_id = any (array" + named + ")")
    if filters.test_execution_statuses:
        conditions.append("execution.status" + _is_any(filters.test_execution_statuses, binding))
    return conditions


def _of_metadata(asked: dict[str, list[str]], binding: Binding) -> list[LiteralString]:
    """A category without values asks for nothing."""
    pairs = [(category, value) for category, values in asked.items() for value in values]
    if not pairs:
        return []
    categories, values = (list(column) for column in zip(*pairs, strict=True))
    return [
        """execution.id in (
            select link.test_execution_id
            from unnest("""
        + binding.bind(categories)
        + "::text[], "
        + binding.bind(values)
        + """::text[]) as named (category, value)
                join execution_metadata as pair using (category, value)
                join test_execution_metadata as link on link.execution_metadata_id = pair.id
            group by link.test_execution_id having count(distinct category) = """
        + binding.bind(len(set(categories)))
        + "::bigint)"
    ]


def _of_groups(filters: Filters) -> list[LiteralString]:
    conditions: list[LiteralString] = []
    if filters.rerun_is_requested is not None:
        conditions.append(RERUN_OF_GROUP if filters.rerun_is_requested else "not " + RERUN_OF_GROUP)
    if filters.execution_is_latest is not None:
        conditions.append("not " + LATER_IN_GROUP if filters.execution_is_latest else LATER_IN_GROUP)
    return conditions


def _of_events(asked: Sequence[str], binding: Binding) -> list[LiteralString]:
    if not asked:
        return []
    told: LiteralString = "exists (select from test_event where test_execution_id = execution.id"
    if not isinstance(asked, str):
        return [told + " and event_name" + _is_any(asked, binding) + ")"]
    return [told + ")" if asked == "any" else "not " + told + ")"]


def _of_their_results(asked: Asked, binding: Binding) -> list[LiteralString]:
    if isinstance(asked, list):
        ids = binding.bind(asked)
        return ["execution.id in (select test_execution_id from test_result where id = any (" + ids + "::bigint[]))"]
    return [HAS_RESULTS if asked == "any" else "not (" + HAS_RESULTS + ")"]


def _of_result_rows(filters: TestResultSearchFilters, binding: Binding) -> list[LiteralString]:
    conditions: list[LiteralString] = []
    if filters.test_result_statuses:
        conditions.append("result.status" + _is_any(filters.test_result_statuses, binding))
    if filters.from_date is not None:
        conditions.append("result.created_at >= " + binding.bind(filters.from_date) + "::timestamptz")
    if filters.until_date is not None:
        conditions.append("result.created_at <= " + binding.bind(filters.until_date) + "::timestamptz")
    return conditions


def of_result_rows(filters: TestResultSearchFilters, binding: Binding) -> LiteralString:
    """The part of the condition that columns of `result` tell: status and dates."""
    return _all_of(_of_result_rows(filters, binding))


def _of_cases(filters: TestResultSearchFilters, binding: Binding) -> list[LiteralString]:
    if not filters.test_cases and not filters.template_ids:
        return []
    return ["result.test_case_id = any (array" + selecting_cases(filters, binding) + ")"]


def selecting_cases(filters: TestResultSearchFilters, binding: Binding) -> LiteralString:
    """The ids of the test cases, in parentheses."""
    columns: list[tuple[LiteralString, list[str]]] = [
        ("test_case.name", filters.test_cases),
        ("test_case.template_id", filters.template_ids),
    ]
    return "(select test_case.id from test_case where " + _all_of(_of_columns(columns, binding)) + ")"


def _of_issues(asked: Asked, binding: Binding) -> list[LiteralString]:
    if not asked:
        return []
    if isinstance(asked, list):
        return ["result.id in " + selecting_attached(asked, binding)]
    return [IS_ATTACHED if asked == "any" else "not " + IS_ATTACHED]


def selecting_attached(asked: Asked, binding: Binding) -> LiteralString:
    """The ids of the results that have one of the issues, or any, in parentheses; each once, in the order of rows."""
    attached: LiteralString = "(select distinct test_result_id from issue_attachment"
    if isinstance(asked, list):
        attached = attached + " where issue_id = any (" + binding.bind(asked) + "::integer[])"
    return attached + " order by test_result_id)"


def _of_columns(columns: list[tuple[LiteralString, list[str]]], binding: Binding) -> list[LiteralString]:
    """Of those that values are given for."""
    conditions: list[LiteralString] = []
    for column, values in columns:
        if values:
            conditions.append(column + _is_any(values, binding))
    return conditions


def _is_any(values: Sequence[str], binding: Binding) -> LiteralString:
    return " = any (" + binding.bind(list(values)) + "::text[])"


def _all_of(conditions: Sequence[LiteralString]) -> LiteralString:
    joined: LiteralString = NOTHING_MORE
    for condition in conditions:
        joined = condition if joined is NOTHING_MORE else joined + " and " + condition
    return joined
