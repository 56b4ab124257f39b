"""Files of results that test runners write: what they are called, and who reads them.

A reader is fed a file piece by piece, so that neither the event loop waits long nor a hostile file gets far.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import msgspec

from touchstone.domains.test_results.json_lines import JsonLinesReader
from touchstone.domains.test_results.junit import JUnitReader
from touchstone.domains.test_results.model import NewResult, Recording
from touchstone.domains.test_results.tap import TapReader

PIECE = 64 * 1024


class ResultsReader(Protocol):
    def feed(self, piece: bytes) -> None:
        """Raises ResultsUnreadable, InvalidRequest."""
        ...

    def close(self) -> list[NewResult]:
        """All results; call it once, after the last piece. Raises ResultsUnreadable, InvalidRequest."""
        ...


class Format(msgspec.Struct, frozen=True):
    title: str
    extension: str
    reader: Callable[[Recording], ResultsReader]


JUNIT = Format("JUnit XML", "xml", JUnitReader)
TAP = Format("TAP 12 to 14", "tap", TapReader)
JSON_LINES = Format("Results as the JSON list has them, one a line", "ndjson", JsonLinesReader)

FORMATS: dict[str, Format] = {
    "application/xml": JUNIT,
    "text/xml": JUNIT,
    "text/x-tap": TAP,
    "application/x-tap": TAP,
    "application/x-ndjson": JSON_LINES,
    "application/jsonl": JSON_LINES,
}
"""By media type."""


async def read_results(
    stream: AsyncIterator[bytes], form: Format, recording: Recording
) -> tuple[list[NewResult], bytes]:
    """The results, and the file as it came. Raises ResultsUnreadable, InvalidRequest."""
    reader = form.reader(recording)
    received = bytearray()
    async for chunk in stream:
        received += chunk
        for start in range(0, len(chunk), PIECE):
            reader.feed(chunk[start : start + PIECE])
            await asyncio.sleep(0)  # others have their turn
    return reader.close(), bytes(received)
