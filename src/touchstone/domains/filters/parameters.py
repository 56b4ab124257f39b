"""Filters as a query has them: repeated keys, `any` and `none` in place of ids, metadata in Base64.

`execution_filters` and `result_filters` are dependencies of the searches: their parameters are parameters of a route.
"""

import base64
import binascii
import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from litestar.params import FromQuery, QueryParameter
from msgspec import Meta

from touchstone.domains.filters.model import (
    MetadataEmpty,
    MetadataEncodingInvalid,
    MetadataFormatInvalid,
    SentinelCombined,
)
from touchstone.domains.filters.schemas import (
    MOST_VALUES,
    ExecutionStatuses,
    Families,
    ResultStatuses,
    Sentinel,
    TestExecutionSearchFilters,
    TestResultSearchFilters,
    Words,
)
from touchstone.http.row_ids import RowId

SENTINELS: tuple[Sentinel, ...] = ("any", "none")

# the parameters that would be taken for dependencies of their names
FIELDS = {
    "artefact_names": "artefacts",
    "environment_names": "environments",
    "case_names": "test_cases",
    "plan_names": "test_plans",
    "issue_ids": "issues",
    "metadata_pairs": "execution_metadata",
}


def one_kind(values: list[Any]) -> Any:
    """The ids, or the one sentinel that is there. Raises ValueError for a mixture."""
    named = {value for value in values if value in SENTINELS}
    if not named:
        return values
    if len(named) > 1 or any(value not in SENTINELS for value in values):
        raise ValueError("Input should be ids only, 'any' only or 'none' only")
    return named.pop()


IdWords = Annotated[list[RowId | Literal["any", "none"]], Meta(max_length=MOST_VALUES, extra={"check": one_kind})]
ResultIdWords = Annotated[list[int | Literal["any", "none"]], Meta(max_length=MOST_VALUES, extra={"check": one_kind})]


async def result_filters(
    families: FromQuery[Families | None] = None,
    artefact_names: Annotated[Words | None, QueryParameter(name="artefacts")] = None,
    artefact_versions: FromQuery[Words | None] = None,
    artefact_stages: FromQuery[Words | None] = None,
    artefact_tracks: FromQuery[Words | None] = None,
    artefact_is_archived: FromQuery[bool | None] = None,
    environment_names: Annotated[Words | None, QueryParameter(name="environments")] = None,
    case_names: Annotated[Words | None, QueryParameter(name="test_cases")] = None,
    template_ids: FromQuery[Words | None] = None,
    plan_names: Annotated[Words | None, QueryParameter(name="test_plans")] = None,
    issue_ids: Annotated[IdWords | None, QueryParameter(name="issues")] = None,
    test_result_statuses: FromQuery[ResultStatuses | None] = None,
    test_execution_statuses: FromQuery[ExecutionStatuses | None] = None,
    reviewer_ids: FromQuery[IdWords | None] = None,
    assignee_ids: FromQuery[IdWords | None] = None,
    rerun_is_requested: FromQuery[bool | None] = None,
    execution_is_latest: FromQuery[bool | None] = None,
    from_date: FromQuery[dt.datetime | None] = None,
    until_date: FromQuery[dt.datetime | None] = None,
    metadata_pairs: Annotated[Words | None, QueryParameter(name="execution_metadata")] = None,
) -> TestResultSearchFilters:
    """Raises MetadataFormatInvalid, MetadataEncodingInvalid, MetadataEmpty."""
    return TestResultSearchFilters(**_asked(locals()))


async def execution_filters(
    families: FromQuery[Families | None] = None,
    artefact_names: Annotated[Words | None, QueryParameter(name="artefacts")] = None,
    artefact_versions: FromQuery[Words | None] = None,
    artefact_stages: FromQuery[Words | None] = None,
    artefact_tracks: FromQuery[Words | None] = None,
    artefact_is_archived: FromQuery[bool | None] = None,
    environment_names: Annotated[Words | None, QueryParameter(name="environments")] = None,
    plan_names: Annotated[Words | None, QueryParameter(name="test_plans")] = None,
    test_execution_statuses: FromQuery[ExecutionStatuses | None] = None,
    reviewer_ids: FromQuery[IdWords | None] = None,
    assignee_ids: FromQuery[IdWords | None] = None,
    rerun_is_requested: FromQuery[bool | None] = None,
    execution_is_latest: FromQuery[bool | None] = None,
    test_result: FromQuery[ResultIdWords | None] = None,
    event_names: FromQuery[Words | None] = None,
    from_date: FromQuery[dt.datetime | None] = None,
    until_date: FromQuery[dt.datetime | None] = None,
    metadata_pairs: Annotated[Words | None, QueryParameter(name="execution_metadata")] = None,
) -> TestExecutionSearchFilters:
    """Raises SentinelCombined, MetadataFormatInvalid, MetadataEncodingInvalid, MetadataEmpty."""
    given = _asked(locals())
    if event_names:
        given["event_names"] = _names_or_sentinel(event_names)
    return TestExecutionSearchFilters(**given)


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """Without what was left out, so that the struct's own defaults stand."""
    found = {FIELDS.get(name, name): value for name, value in given.items() if value not in (None, [])}
    if "execution_metadata" in found:
        found["execution_metadata"] = metadata_of(found["execution_metadata"])
    return found


def _names_or_sentinel(names: Sequence[str]) -> list[str] | Sentinel:
    """Of several sentinels the last one counts. Raises SentinelCombined."""
    sentinels: list[Sentinel] = [sentinel for name in names for sentinel in SENTINELS if name == sentinel]
    if not sentinels:
        return list(names)
    if len(sentinels) < len(names):
        raise SentinelCombined
    return sentinels[-1]


def metadata_of(pairs: Sequence[str]) -> dict[str, list[str]]:
    """`base64(category):base64(value)` as values by category, in the order in which they are given.

    Raises MetadataFormatInvalid, MetadataEncodingInvalid, MetadataEmpty.
    """
    found: dict[str, list[str]] = {}
    for pair in pairs:
        category, value = _decoded(pair)
        found.setdefault(category, []).append(value)
    return found


def _decoded(pair: str) -> tuple[str, str]:
    category, colon, value = pair.partition(":")
    if not colon:
        raise MetadataFormatInvalid(given=pair)
    try:
        # leniently: the contract drops what is not of the alphabet
        words = base64.b64decode(category).decode(), base64.b64decode(value).decode()
    except (binascii.Error, ValueError):
        raise MetadataEncodingInvalid(given=pair) from None
    if not all(words):
        raise MetadataEmpty(given=pair)
    if any("\0" in word for word in words):
        raise MetadataEncodingInvalid(given=pair)
    return words
