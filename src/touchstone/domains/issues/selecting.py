"""Which results are meant, as SQL: those of filters, and those whose texts patterns are found in."""

from typing import LiteralString

from touchstone.domains.families.model import FAMILIES
from touchstone.domains.filters.binding import Binding
from touchstone.domains.filters.schemas import TestResultSearchFilters
from touchstone.domains.filters.selections import selecting_results


def selecting_matches(
    filters: TestResultSearchFilters, comment_pattern: str | None, io_log_pattern: str | None, binding: Binding
) -> LiteralString:
    """The ids of results of any family, in parentheses. Patterns meet only what the filters leave."""
    selected = selecting_results(filters, FAMILIES, binding)
    if comment_pattern is None and io_log_pattern is None:
        return selected
    return (
        "(with left_over as materialized (select id from "
        + selected
        + """ as selected (id))
        select left_over.id from left_over join test_result as result on result.id = left_over.id
            left join test_result_log as log on log.test_result_id = left_over.id
        where coalesce(result.comment ~ """
        + binding.bind(comment_pattern)
        + "::text, true) and coalesce(coalesce(log.io_log, '') ~ "
        + binding.bind(io_log_pattern)
        + "::text, true))"
    )
