"""JUnit XML, as test runners write it: `testcase` elements anywhere below `testsuites` and `testsuite`.

There is no standard; https://github.com/testmoapp/junitxml describes what is common. A test's name is
`{classname}.{name}`, its category the name of the suite around it. `failure` and `error` fail it, `skipped` (or
a status of `notrun`, `skipped` or `disabled`) skips it; their messages become the comment, their texts and
`system-out` and `system-err` the log. Of several tests with one name the worst counts.
"""

from collections.abc import Mapping
from xml.parsers import expat

import msgspec

from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.domains.test_results.model import (
    MOST_RESULTS,
    NewResult,
    Recording,
    ResultsUnreadable,
    worst_of_each_name,
)

MOST_LEVELS = 32
MOST_ELEMENTS = 500_000
MOST_ATTRIBUTES = 64
# a tag or a comment is one token, which expat looks at anew with each piece while it is not complete
LONGEST_TOKEN = 1024 * 1024

ROOTS = ("testsuites", "testsuite")
FAILING = ("failure", "error")
PRINTED = (*FAILING, "skipped", "system-out", "system-err")
NOT_RUN = ("notrun", "skipped", "disabled")


class _Test(msgspec.Struct):
    name: str
    category: str
    status: TestResultStatus
    comments: list[str]
    printed: list[str]
    size: int = 0


class JUnitReader:
    def __init__(self, recording: Recording) -> None:
        self._longest_log = recording.longest_log
        self._results: list[NewResult] = []
        self._open: list[str] = []
        self._suites: list[str] = []
        self._test: _Test | None = None
        self._elements = 0
        self._fed = 0
        self._parser = self._make_parser()

    def _make_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        # without a document type there are no entities, neither growing nor from elsewhere
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        return parser

    def feed(self, piece: bytes) -> None:
        self._parse(piece, is_last=False)
        self._fed += len(piece)
        if self._fed - max(self._parser.CurrentByteIndex, 0) > LONGEST_TOKEN + len(piece):
            raise self._unreadable(f"a tag or comment is longer than {LONGEST_TOKEN} bytes")

    def close(self) -> list[NewResult]:
        self._parse(b"", is_last=True)
        return worst_of_each_name(self._results)

    def _parse(self, piece: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            raise ResultsUnreadable(line=error.lineno, fault=expat.ErrorString(error.code)) from error
        except (LookupError, ValueError) as error:  # an encoding that nobody knows
            raise self._unreadable("its encoding is unknown") from error

    def _unreadable(self, fault: str) -> ResultsUnreadable:
        return ResultsUnreadable(line=self._parser.CurrentLineNumber, fault=fault)

    def _refuse_doctype(self, *_: object) -> None:
        raise self._unreadable("document types and entities are not allowed")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._require_bounds(name, attributes)
        self._open.append(name)
        if name == "testsuite":
            self._suites.append(attributes.get("name", ""))
        elif name == "testcase":
            self._begin(attributes)
        elif self._test is not None and self._open[-2] == "testcase":
            _note(self._test, name, attributes)

    def _require_bounds(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if not self._open and name not in ROOTS:
            raise self._unreadable(f"this is no JUnit file: it begins with <{name[:40]}>")
        if len(self._open) >= MOST_LEVELS:
            raise self._unreadable(f"elements are nested more than {MOST_LEVELS} deep")
        if self._elements > MOST_ELEMENTS or len(self._results) > MOST_RESULTS:
            raise self._unreadable(f"there are more than {MOST_ELEMENTS} elements or {MOST_RESULTS} tests")
        if len(attributes) > MOST_ATTRIBUTES:
            raise self._unreadable(f"an element has more than {MOST_ATTRIBUTES} attributes")

    def _begin(self, attributes: Mapping[str, str]) -> None:
        if self._test is not None:
            raise self._unreadable("a testcase is inside another")
        of, name = attributes.get("classname", ""), attributes.get("name", "")
        is_skipped = attributes.get("status", "").lower() in NOT_RUN
        self._test = _Test(
            name=f"{of}.{name}" if of else name,
            category=self._suites[-1] if self._suites else "",
            status=TestResultStatus.SKIPPED if is_skipped else TestResultStatus.PASSED,
            comments=[],
            printed=[],
        )

    def _text(self, text: str) -> None:
        test = self._test
        if test is None or self._open[-1] not in PRINTED:
            return
        test.size += len(text.encode())
        if test.size > self._longest_log:
            raise self._unreadable(f"a test has printed more than {self._longest_log} bytes")
        test.printed.append(text)

    def _end(self, name: str) -> None:
        self._open.pop()
        if name == "testsuite":
            self._suites.pop()
        elif name == "testcase" and self._test is not None:
            self._results.append(_result(self._test))
            self._test = None
        elif self._test is not None and self._test.printed and name in PRINTED:
            self._test.printed.append("\n")


def _note(test: _Test, name: str, attributes: Mapping[str, str]) -> None:
    """What an element right below a test says of it."""
    if name in FAILING:
        test.status = TestResultStatus.FAILED
    elif name == "skipped" and test.status is not TestResultStatus.FAILED:
        test.status = TestResultStatus.SKIPPED
    if name in (*FAILING, "skipped") and (said := attributes.get("message") or attributes.get("type")):
        test.comments.append(said)


def _result(test: _Test) -> NewResult:
    return NewResult(
        name=test.name,
        status=test.status,
        category=test.category,
        comment="\n".join(test.comments),
        io_log="".join(test.printed).strip("\n"),
    )
