"""Filters as a query has them."""

import base64
import datetime as dt

import pytest

from touchstone.domains.filters.model import MetadataEmpty, MetadataEncodingInvalid, MetadataFormatInvalid
from touchstone.domains.filters.parameters import metadata_of, one_kind
from touchstone.domains.filters.schemas import TestExecutionRerunFilters, TestResultSearchFilters


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_metadata_is_collected_by_category() -> None:
    pairs = [
        f"{encoded('kernel')}:{encoded('6.8')}",
        f"{encoded('lab')}:{encoded('Süd')}",
        f"{encoded('kernel')}:{encoded('6.9')}",
    ]
    assert metadata_of(pairs) == {"kernel": ["6.8", "6.9"], "lab": ["Süd"]}


def test_characters_outside_the_alphabet_are_dropped_from_metadata() -> None:
    assert metadata_of([f"{encoded('kernel')}!:{encoded('6.8')}"]) == {"kernel": ["6.8"]}


@pytest.mark.parametrize(
    ("given", "failure", "words"),
    [
        ("a2VybmVs", MetadataFormatInvalid, "Expected base64 encoded 'category:value'."),
        ("a:b", MetadataEncodingInvalid, "Invalid base64 encoding in execution metadata: 'a:b'."),
        ("/w==:YQ==", MetadataEncodingInvalid, "Invalid base64 encoding in execution metadata: '/w==:YQ=='."),
        ("YQ==:", MetadataEmpty, "Both category and value must be non-empty."),
        (":YQ==", MetadataEmpty, "Both category and value must be non-empty."),
    ],
)
def test_metadata_that_cannot_be_read_is_refused(given: str, failure: type[Exception], words: str) -> None:
    with pytest.raises(failure) as caught:
        metadata_of([given])
    assert words in str(caught.value)


def test_ids_or_one_sentinel() -> None:
    assert one_kind([1, 2]) == [1, 2]
    assert one_kind(["any", "any"]) == "any"
    for mixed in (["any", 1], ["any", "none"]):
        with pytest.raises(ValueError, match="only"):
            one_kind(mixed)


def test_reviewers_were_called_assignees_once() -> None:
    assert TestResultSearchFilters(assignee_ids=[3]).reviewers == [3]
    assert TestResultSearchFilters(assignee_ids=[3], reviewer_ids="none").reviewers == "none"


def test_dates_alone_are_a_filter_of_executions_but_not_of_results() -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert TestResultSearchFilters(from_date=at, limit=3).is_empty
    assert not TestExecutionRerunFilters(from_date=at).is_empty
    assert not TestResultSearchFilters(artefact_is_archived=False).is_empty
