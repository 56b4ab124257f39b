"""TAP as results."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchstone.domains.test_results.model import NewResult, Recording, ResultsUnreadable
from touchstone.domains.test_results.tap import TapReader


def read(*pieces: bytes) -> list[NewResult]:
    reader = TapReader(Recording(longest_log=10_000))
    for piece in pieces:
        reader.feed(piece)
    return reader.close()


def lines(*text: str) -> list[NewResult]:
    return read("\n".join(text).encode())


@pytest.mark.parametrize(
    ("line", "name", "status", "comment"),
    [
        ("ok 1 - boots", "boots", "PASSED", ""),
        ("ok 1 boots up", "boots up", "PASSED", ""),
        ("not ok 1 - boots", "boots", "FAILED", ""),
        ("ok - boots", "boots", "PASSED", ""),
        ("ok", "test 1", "PASSED", ""),
        ("not ok 7", "test 7", "FAILED", ""),
        ("ok 1 - boots # SKIP no screen", "boots", "SKIPPED", "SKIP no screen"),
        ("ok 1 # skipped no screen", "test 1", "SKIPPED", "skipped no screen"),
        ("not ok 1 - boots # TODO later", "boots", "SKIPPED", "TODO later"),
        ("ok 1 - boots # TODO later", "boots", "PASSED", "TODO later"),
        (r"ok 1 - issue \#12 # SKIP", "issue #12", "SKIPPED", "SKIP"),
        ("ok 1 - number # 5", "number # 5", "PASSED", ""),
    ],
)
def test_a_line_is_a_result(line: str, name: str, status: str, comment: str) -> None:
    (result,) = lines("TAP version 14", "1..1", line)
    assert (result.name, str(result.status), result.comment) == (name, status, comment)


def test_what_stands_below_a_test_is_its_log() -> None:
    first, second = lines(
        "# before", "1..2", "not ok 1 - a", "# why", "  ---", "  got: 1", "  ...", "ok 2 - b", "okay then", ""
    )
    assert (first.io_log, second.io_log) == ("# why\n  ---\n  got: 1\n  ...", "okay then")


def test_subtests_are_the_log_of_the_test_that_they_belong_to() -> None:
    subtest = ["# Subtest: b", "    ok 1 - inner", "    not ok 2 - other", "    1..2"]
    first, second = lines("TAP version 14", "ok 1 - a", *subtest, "not ok 2 - b", "# after", "1..2")
    assert (first.io_log, second.io_log) == ("", "\n".join([*subtest, "# after"]))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (["1..3", "ok", "ok"], "3 tests were planned, 2 ran"),
        (["1..1", "ok 1 - a", "ok 2 - b"], "1 tests were planned, 2 ran"),
        (["ok 1 - a"], "There is no plan, and 1 tests ran"),
    ],
)
def test_a_plan_that_does_not_fit_is_a_failure(text: list[str], fault: str) -> None:
    *_, last = lines(*text)
    assert (last.name, str(last.status), last.comment) == ("TAP plan", "FAILED", fault)


def test_who_bails_out_has_failed() -> None:
    *_, last = lines("1..3", "ok 1 - a", "Bail out! no disk")
    assert (last.name, str(last.status), last.comment) == ("Bail out!", "FAILED", "no disk")


def test_a_plan_of_nothing_is_no_result() -> None:
    assert lines("1..0 # SKIP nothing to do") == []


def test_of_several_with_one_name_the_worst_counts() -> None:
    found = lines("1..3", "ok - a", "not ok - a", "ok - a")
    assert [(one.name, str(one.status)) for one in found] == [("a", "FAILED")]


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        (b"", 1, "neither a plan nor a test"),
        (b"<html>\n</html>\n", 2, "neither a plan nor a test"),
        (b"TAP version 15\n1..1\nok", 1, "TAP version 15 is unknown"),
        (b"1..1\nok\n\0", 3, "NUL"),
        (b"1..1\nok\n" + b"# xxx\n" * 2000, 1668, "printed more than"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_line(text: bytes, line: int, fault: str) -> None:
    with pytest.raises(ResultsUnreadable, match=fault) as refused:
        read(text)
    assert abs(int(str(refused.value.location[1])) - line) <= 2


WHOLE = "TAP version 13\r\n1..2\r\nok 1 - é\r\n# log\r\nnot ok 2 - b # TODO\r\n".encode()


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
def test_it_does_not_matter_where_a_file_is_cut(places: list[int]) -> None:
    cuts = sorted(places)
    pieces = [WHOLE[start:end] for start, end in zip([0, *cuts], [*cuts, len(WHOLE)], strict=True)]
    assert read(*pieces) == read(WHOLE)


@given(st.lists(st.sampled_from([b"ok", b"not ", b"1..2", b"#", b" ", b"\n", b"SKIP", b"Bail out!", b"\xff", b"\0"])))
def test_whatever_comes_is_read_or_refused(noise: list[bytes]) -> None:
    try:
        read(b"".join(noise))
    except ResultsUnreadable as refused:
        assert str(refused).startswith("Line ")
