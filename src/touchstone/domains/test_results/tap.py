"""The Test Anything Protocol, versions 12 to 14: https://testanything.org/tap-version-14-specification.html

A test's name is its description, or `test {number}` without one. What stands below a test point (YAML, comments) and
the subtests above it are its log. `# SKIP` and a failing `# TODO` skip it. A plan that does not fit what came, or
none, and a `Bail out!` are failed results of their own. Of several tests with one name the worst counts.
"""

import re

from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.domains.test_results.lines import Lines
from touchstone.domains.test_results.model import (
    MOST_RESULTS,
    NewResult,
    Recording,
    ResultsUnreadable,
    worst_of_each_name,
)

LONGEST_LINE = 1024 * 1024

VERSION = re.compile(r"TAP version (\d{1,9})\s*$")
PLAN = re.compile(r"1\.\.(\d{1,9})\s*(?:#\s*(.*))?$")
POINT = re.compile(r"(not )?ok\b(?:[ \t]+(\d{1,18}))?(?:[ \t]+-)?[ \t]*(.*)$")
# a hash that is escaped belongs to the description
DIRECTIVE = re.compile(r"(?<!\\)#\s*(SKIP\S*|TODO)\b[ \t]*(.*)$", re.IGNORECASE)
BAIL_OUT = re.compile(r"Bail out!\s*(.*)$")
VERSIONS = (12, 13, 14)


class TapReader:
    def __init__(self, recording: Recording) -> None:
        self._longest_log = recording.longest_log
        self._lines = Lines(LONGEST_LINE)
        self._results: list[NewResult] = []
        self._points = 0
        self._planned: int | None = None
        self._subtests: list[str] = []
        self._printed: list[str] = []
        self._printed_size = 0

    def feed(self, piece: bytes) -> None:
        for line in self._lines.feed(piece):
            self._read(line)

    def close(self) -> list[NewResult]:
        for line in self._lines.close():
            self._read(line)
        self._finish_log()
        if self._planned is None and not self._results:
            raise self._unreadable("there is neither a plan nor a test in it")
        if fault := self._plan_fault():
            self._results.append(NewResult(name="TAP plan", status=TestResultStatus.FAILED, comment=fault))
        return worst_of_each_name(self._results)

    def _plan_fault(self) -> str | None:
        if any(result.name == "Bail out!" for result in self._results):
            return None
        if self._planned is None:
            return f"There is no plan, and {self._points} tests ran"
        return None if self._planned == self._points else f"{self._planned} tests were planned, {self._points} ran"

    def _unreadable(self, fault: str) -> ResultsUnreadable:
        return ResultsUnreadable(line=max(self._lines.number, 1), fault=fault)

    def _read(self, raw: bytes) -> None:
        if b"\0" in raw:
            raise self._unreadable("NUL characters are not allowed")
        line = raw.decode(errors="replace")
        if line.startswith((" ", "\t")):
            self._print(line)
        elif found := POINT.match(line):
            self._point(found[1] is None, found[2], found[3])
        elif found := PLAN.match(line):
            self._planned = int(found[1])
        elif found := VERSION.match(line):
            self._require_version(int(found[1]))
        elif found := BAIL_OUT.match(line):
            self._add(NewResult(name="Bail out!", status=TestResultStatus.FAILED, comment=found[1]))
        elif line.strip():
            self._print(line)

    def _require_version(self, version: int) -> None:
        if version not in VERSIONS:
            raise self._unreadable(f"TAP version {version} is unknown")

    def _point(self, is_ok: bool, number: str | None, rest: str) -> None:
        self._points += 1
        directive = DIRECTIVE.search(rest)
        described = (rest[: directive.start()] if directive else rest).strip().replace("\\#", "#")
        word = directive[1].upper() if directive else ""
        status = TestResultStatus.PASSED if is_ok else TestResultStatus.FAILED
        if word.startswith("SKIP") or (word == "TODO" and not is_ok):
            status = TestResultStatus.SKIPPED
        name = described or f"test {number or self._points}"
        self._add(NewResult(name=name, status=status, comment=directive[0].lstrip("# ") if directive else ""))

    def _add(self, result: NewResult) -> None:
        if len(self._results) >= MOST_RESULTS:
            raise self._unreadable(f"there are more than {MOST_RESULTS} tests")
        # what is indented after a point is its own, unless a `# Subtest` comment says that it belongs to the next
        self._finish_log()
        self._printed, self._subtests = self._subtests, []
        self._printed_size = sum(len(line) for line in self._printed)
        self._results.append(result)

    def _print(self, line: str) -> None:
        self._printed_size += len(line.encode()) + 1
        if self._printed_size > self._longest_log:
            raise self._unreadable(f"a test has printed more than {self._longest_log} bytes")
        if self._subtests or line.lstrip().startswith("# Subtest"):
            self._subtests.append(line)
        else:
            self._printed.append(line)

    def _finish_log(self) -> None:
        if self._results and self._printed:
            self._results[-1].io_log = "\n".join(self._printed)
        self._printed = []
