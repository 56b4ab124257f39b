"""Outcomes as they are recorded, and what may be wrong with them."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from touchstone.domains.reruns.model import ANY_NUMBER, AutomaticReruns
from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.errors import Conflict, InvalidValue, NotFound

MOST_RESULTS = 50_000
"""In one posting."""

LONGEST_KEY = 2600
"""Bytes that fit into an index, of a test case's name and of its template."""

# where files of results lie in the object store
RAW_FILES = "test-results/raw"


class NewResult(msgspec.Struct, kw_only=True):
    name: str
    status: TestResultStatus
    template_id: str = ""
    category: str = ""
    comment: str = ""
    io_log: str = ""


class Outcome(StrEnum):
    """`superseded`: a later result of the same posting has the same name."""

    CREATED = "created"
    REPLACED = "replaced"
    SUPERSEDED = "superseded"


class RecordedResult(msgspec.Struct, kw_only=True):
    """What became of one result of a posting; `id` is the recorded result, if it is one."""

    name: str
    status: TestResultStatus
    outcome: Outcome
    id: int | None


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """How results are taken in; `longest_log` is bytes of what one test has printed."""

    longest_log: int = 4 * 1024 * 1024
    reruns: AutomaticReruns = ANY_NUMBER


class TestExecutionNotFound(NotFound):
    """TestExecution not found"""

    __test__ = False


class TestCasesChanged(Conflict):
    """Test cases were deleted while their results came in; send them again"""

    __test__ = False
    retry_after_seconds = 1


class ResultInvalid(InvalidValue):
    """{reason}"""


class ResultsUnreadable(InvalidValue):
    """{reason}"""

    def __init__(self, *, line: int, fault: str) -> None:
        super().__init__(location=("body", line), reason=f"Line {line} of the file cannot be used: {fault}")


class RawResultFileRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    digest: str
    media_type: str
    size: int
    object_key: str
    created_at: dt.datetime


def require_fit(results: Sequence[NewResult], recording: Recording) -> None:
    """Raises ResultInvalid for too many results, and for texts that are too long."""
    if len(results) > MOST_RESULTS:
        raise ResultInvalid(location=("body",), reason=f"Give at most {MOST_RESULTS} results at once")
    for place, result in enumerate(results):
        _require(result.name, LONGEST_KEY, place, "name")
        _require(result.template_id, LONGEST_KEY, place, "template_id")
        _require(result.io_log, recording.longest_log, place, "io_log")


def _require(text: str, longest: int, place: int, field: str) -> None:
    # a character is at most four bytes: most texts need not be encoded to be measured
    if len(text) * 4 > longest and len(text.encode()) > longest:
        raise ResultInvalid(location=("body", place, field), reason=f"Give at most {longest} bytes")


def worst_of_each_name(results: Sequence[NewResult]) -> list[NewResult]:
    """For files that name several results alike: nothing that failed may hide behind one that passed later."""
    worst: dict[str, NewResult] = {}
    for result in results:
        known = worst.get(result.name)
        if known is None or _SEVERITY[result.status] > _SEVERITY[known.status]:
            worst[result.name] = result
    return list(worst.values())


_SEVERITY = {TestResultStatus.SKIPPED: 0, TestResultStatus.PASSED: 1, TestResultStatus.FAILED: 2}


def last_of_each_name(results: Sequence[NewResult]) -> list[NewResult]:
    """What is left when each result replaces an earlier one of the same name, in the order of the posting."""
    last = {result.name: place for place, result in enumerate(results)}
    return [results[place] for place in sorted(last.values())]
