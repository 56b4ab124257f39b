"""JUnit XML as results."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from touchstone.domains.test_results.junit import JUnitReader
from touchstone.domains.test_results.model import NewResult, Recording, ResultsUnreadable


def read(*pieces: bytes, longest_log: int = 10_000) -> list[NewResult]:
    reader = JUnitReader(Recording(longest_log=longest_log))
    for piece in pieces:
        reader.feed(piece)
    return reader.close()


def short(results: Iterable[NewResult]) -> list[tuple[str, str]]:
    return [(result.name, str(result.status)) for result in results]


def suite(*tests: str) -> bytes:
    return f'<testsuite name="smoke">{"".join(tests)}</testsuite>'.encode()


def test_a_test_that_says_nothing_has_passed() -> None:
    (result,) = read(suite('<testcase classname="tests.boot" name="up" time="0.1"/>'))
    assert (result.name, str(result.status), result.category) == ("tests.boot.up", "PASSED", "smoke")
    assert (result.comment, result.io_log, result.template_id) == ("", "", "")


@pytest.mark.parametrize(
    ("inside", "status"),
    [
        ("<failure/>", "FAILED"),
        ("<error/>", "FAILED"),
        ("<skipped/>", "SKIPPED"),
        ("<system-out>failure</system-out>", "PASSED"),
        ("<skipped/><failure/>", "FAILED"),
        ("<failure/><skipped/>", "FAILED"),
        ("<properties><failure/></properties>", "PASSED"),
        ("<rerunFailure>flaky</rerunFailure>", "PASSED"),
    ],
)
def test_what_stands_in_a_test_says_what_became_of_it(inside: str, status: str) -> None:
    assert short(read(suite(f'<testcase name="up">{inside}</testcase>'))) == [("up", status)]


@pytest.mark.parametrize(("word", "status"), [("notrun", "SKIPPED"), ("Disabled", "SKIPPED"), ("run", "PASSED")])
def test_some_runners_skip_by_an_attribute(word: str, status: str) -> None:
    assert short(read(suite(f'<testcase name="up" status="{word}"/>'))) == [("up", status)]


def test_messages_are_the_comment_and_texts_the_log() -> None:
    (result,) = read(
        suite(
            '<testcase name="up"><failure message="a &lt; b" type="Assert">trace\n</failure>',
            "<error type='Boom'><![CDATA[<raw>]]></error><system-out>out</system-out>",
            "<system-err/><other>no</other></testcase>",
        )
    )
    assert (result.comment, result.io_log) == ("a < b\nBoom", "trace\n\n<raw>\nout")


def test_suites_nest_and_the_innermost_is_the_category() -> None:
    inner = '<testsuite name="in"><testcase name="b"/></testsuite>'
    found = read(f'<testsuites><testsuite name="out"><testcase name="a"/>{inner}</testsuite></testsuites>'.encode())
    assert [(one.name, one.category) for one in found] == [("a", "out"), ("b", "in")]


def test_of_several_with_one_name_the_worst_counts() -> None:
    tests = '<testcase name="a"/>', '<testcase name="a"><failure/></testcase>', '<testcase name="a"/>'
    assert short(read(suite(*tests, '<testcase name="b"><skipped/></testcase>', '<testcase name="b"/>'))) == [
        ("a", "FAILED"),
        ("b", "PASSED"),
    ]


def test_other_encodings_are_read() -> None:
    text = '<?xml version="1.0" encoding="iso-8859-1"?><testsuite><testcase name="é"/></testsuite>'
    assert short(read(text.encode("iso-8859-1"))) == [("é", "PASSED")]
    assert short(read(text.replace("iso-8859-1", "utf-16").encode("utf-16"))) == [("é", "PASSED")]


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        (b"<!DOCTYPE testsuite><testsuite/>", 1, "document types"),
        (b"<testsuite>\n<testcase name='a'>\n<testcase/></testcase></testsuite>", 3, "inside another"),
        (b"<testcase/>", 1, "it begins with <testcase>"),
        (b"<testsuite>" * 33, 1, "nested"),
        (b"<testsuite>\n<a></b></testsuite>", 2, "mismatched tag"),
        (suite("<testcase><system-out>", "é" * 5001, "</system-out></testcase>"), 1, "printed more than 10000 bytes"),
        (b"<testsuite>" + b"<a/>" * 500_001, 1, "more than 500000 elements"),
        (b"<testsuite " + b" ".join(b"a%d=''" % n for n in range(65)) + b"/>", 1, "more than 64 attributes"),
        (b"not xml", 1, "syntax error"),
    ],
)
def test_what_is_hostile_or_broken_is_refused_by_its_line(text: bytes, line: int, fault: str) -> None:
    with pytest.raises(ResultsUnreadable, match=fault) as refused:
        read(text)
    assert refused.value.location == ("body", line)


def test_a_tag_without_an_end_is_given_up_before_it_is_all_there() -> None:
    pieces = [b"<testsuite a='", *[b"x" * 65_536] * 40]
    with pytest.raises(ResultsUnreadable, match="tag or comment"):
        read(*pieces)


WHOLE = suite('<testcase name="é"><failure message="m">t\nu</failure></testcase>', '<testcase name="b"/>')


@given(st.data())
def test_it_does_not_matter_where_a_file_is_cut(data: DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(WHOLE)), max_size=8)))
    pieces = [WHOLE[start:end] for start, end in zip([0, *cuts], [*cuts, len(WHOLE)], strict=True)]
    assert read(*pieces) == read(WHOLE)


@given(st.binary(max_size=300), st.sampled_from([b"", b"<testsuite>", b"<testsuite><testcase name='a'>", b"<?xml "]))
def test_whatever_comes_is_read_or_refused(noise: bytes, begin: bytes) -> None:
    try:
        read(begin + noise)
    except ResultsUnreadable as refused:
        assert str(refused).startswith("Line ")
