"""Newline-delimited JSON: each line a result as the JSON list has them; blank lines are skipped."""

from touchstone.domains.test_results.lines import Lines
from touchstone.domains.test_results.model import MOST_RESULTS, NewResult, Recording, ResultsUnreadable
from touchstone.domains.test_results.schemas import TestResultRequest
from touchstone.http.decoding import FaultItem, InvalidRequest, JsonDecoder, decoder_for

MOST_FAULTS = 200
# what JSON makes of a log in the worst case: six bytes for one
ESCAPED = 6
REST_OF_A_LINE = 65_536

_decoder = JsonDecoder(decoder_for(TestResultRequest))


class JsonLinesReader:
    def __init__(self, recording: Recording) -> None:
        self._lines = Lines(recording.longest_log * ESCAPED + REST_OF_A_LINE)
        self._results: list[NewResult] = []
        self._faults: list[FaultItem] = []

    def feed(self, piece: bytes) -> None:
        for line in self._lines.feed(piece):
            self._read(line)

    def close(self) -> list[NewResult]:
        for line in self._lines.close():
            self._read(line)
        if self._faults:
            raise InvalidRequest(self._faults)
        return self._results

    def _read(self, line: bytes) -> None:
        if not line.strip():
            return
        number = self._lines.number
        faults: list[FaultItem] = []
        result = _decoder.decode(line, faults)
        for fault in faults:
            fault["loc"] = ["body", number, *fault["loc"][1:]]
        self._faults += faults
        if len(self._faults) >= MOST_FAULTS:
            raise InvalidRequest(self._faults[:MOST_FAULTS])
        if not faults:
            self._results.append(result)
        if len(self._results) > MOST_RESULTS:
            raise ResultsUnreadable(line=number, fault=f"there are more than {MOST_RESULTS} results")
