"""Outcomes as they are recorded, and what may be wrong with them."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from touchstone.domains.reruns.model import ANY_NUMBER, AutomaticReruns
from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.errors import Conflict, InvalidValue, NotFound

LONGEST_KEY = 2600
"""Bytes that fit into an index, of a test case's name and of its template."""


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


def require_fit(results: Sequence[NewResult], recording: Recording) -> None:
    """Raises ResultInvalid for texts that are too long."""
    for place, result in enumerate(results):
        _require(result.name, LONGEST_KEY, place, "name")
        _require(result.template_id, LONGEST_KEY, place, "template_id")
        _require(result.io_log, recording.longest_log, place, "io_log")


def _require(text: str, longest: int, place: int, field: str) -> None:
    # a character is at most four bytes: most texts need not be encoded to be measured
    if len(text) * 4 > longest and len(text.encode()) > longest:
        raise ResultInvalid(location=("body", place, field), reason=f"Give at most {longest} bytes")


def last_of_each_name(results: Sequence[NewResult]) -> list[NewResult]:
    """What is left when each result replaces an earlier one of the same name, in the order of the posting."""
    last = {result.name: place for place, result in enumerate(results)}
    return [results[place] for place in sorted(last.values())]
