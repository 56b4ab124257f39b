"""Results as lines of JSON."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchstone.domains.test_results.json_lines import JsonLinesReader
from touchstone.domains.test_results.model import NewResult, Recording, ResultsUnreadable
from touchstone.http.decoding import InvalidRequest


def read(*pieces: bytes) -> list[NewResult]:
    reader = JsonLinesReader(Recording(longest_log=100))
    for piece in pieces:
        reader.feed(piece)
    return reader.close()


def faults(text: bytes) -> list[Any]:
    with pytest.raises(InvalidRequest) as refused:
        read(text)
    return [fault["loc"] for fault in refused.value.errors]


def test_each_line_is_a_result_and_blank_ones_are_none() -> None:
    found = read(b'\r\n{"name": "a", "status": "PASSED", "more": 1}\r\n\n{"name": "b", "status": "FAILED"}')
    assert [(one.name, str(one.status)) for one in found] == [("a", "PASSED"), ("b", "FAILED")]


def test_faults_name_their_lines() -> None:
    assert faults(b'\n[]\n{"name": "a"}\n{') == [["body", 2], ["body", 3, "status"], ["body", 4, 1]]


def test_no_more_is_said_after_many_faults() -> None:
    assert len(faults(b"[]\n" * 1000)) == 200


def test_a_line_without_an_end_is_given_up() -> None:
    with pytest.raises(ResultsUnreadable, match="longer than"):
        read(*[b"x" * 10_000] * 10)


WHOLE = '{"name": "é", "status": "PASSED"}\n\n{"name": "b", "status": "FAILED"}\n'.encode()


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
def test_it_does_not_matter_where_a_file_is_cut(places: list[int]) -> None:
    cuts = sorted(places)
    pieces = [WHOLE[start:end] for start, end in zip([0, *cuts], [*cuts, len(WHOLE)], strict=True)]
    assert read(*pieces) == read(WHOLE)
