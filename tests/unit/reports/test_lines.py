"""Line ends of CSV that comes in pieces, and the header before it."""

import csv
import io
from collections.abc import AsyncGenerator

import pytest

from touchstone.domains.reports.streams import LineEnds, begun, csv_file

ROWS = b'a,"b\nc",d\n"say ""\n""",e,\n,"",""""\n'
EXPECTED = b'a,"b\nc",d\r\n"say ""\n""",e,\r\n,"",""""\r\n'


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_only_line_ends_between_rows_change_wherever_the_pieces_end(size: int) -> None:
    ends = LineEnds()
    pieces = [ends(ROWS[start : start + size]) for start in range(0, len(ROWS), size)]
    assert b"".join(pieces) == EXPECTED


def test_a_reader_sees_the_values_as_they_were() -> None:
    read = list(csv.reader(io.StringIO(EXPECTED.decode(), newline="")))
    assert read == [["a", "b\nc", "d"], ['say "\n"', "e", ""], ["", "", '"']]


async def pieces(*given: bytes) -> AsyncGenerator[bytes]:
    for piece in given:
        yield piece


async def test_the_header_comes_first_and_alone_where_there_are_no_rows() -> None:
    assert [piece async for piece in csv_file(("a", "b"), pieces(b"1,2\n", b"3,4\n"))] == [
        b"a,b\r\n1,2\r\n",
        b"3,4\r\n",
    ]
    assert [piece async for piece in csv_file(("a", "b"), pieces())] == [b"a,b\r\n"]


async def test_what_fails_at_once_fails_before_the_answer_has_begun() -> None:
    async def failing() -> AsyncGenerator[bytes]:
        raise LookupError
        yield b""

    with pytest.raises(LookupError):
        await begun(csv_file(("a",), failing()))


async def test_a_stream_that_has_begun_lacks_nothing() -> None:
    started = await begun(csv_file(("a",), pieces(b"1\n", b"2\n")))
    assert b"".join([piece async for piece in started]) == b"a\r\n1\r\n2\r\n"
