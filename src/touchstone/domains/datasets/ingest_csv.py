"""CSV in two readings: a quick one that knows regular files only, and a careful one that decides everything else.

The quick one is Arrow's. It cannot pad a short row, name a line, take a row longer than its block, or notice that a
quoted value never ends; where it would have to, it raises IrregularRows and the careful one starts anew. Both give
the same rows wherever the quick one gives any.
"""

import csv
import io
import itertools
import secrets
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import msgspec
import pyarrow as pa
import pyarrow.csv as arrow_csv

from touchstone.domains.datasets.ingest_checks import REQUIRED, check_columns, text_batch
from touchstone.domains.datasets.model import DatasetInvalid

DELIMITERS = (",", ";", "\t")
LONGEST_HEADER = 256 * 1024  # characters
BLOCK = 512 * 1024  # bytes; the reading holds several of them
_ROWS_AT_ONCE = 8192
_CHARACTERS_AT_ONCE = 1024 * 1024
_ENCODING = "utf-8-sig"  # with or without a byte order mark

csv.field_size_limit(sys.maxsize)  # the size of the whole upload is limited already


class IrregularRows(Exception):
    """The file is not one for the quick reading."""


class CsvHeader(msgspec.Struct, frozen=True):
    """`first` says that nothing, not even an empty line, stands before it."""

    columns: list[str]
    delimiter: str
    first: bool


def read_header(path: Path) -> CsvHeader:
    """The delimiter is the first one with which the required columns are found. Raises DatasetMissingFields or
    DatasetInvalid."""
    with path.open(encoding=_ENCODING, newline="") as file:
        beginning = file.read(LONGEST_HEADER)
    delimiter = next((one for one in DELIMITERS if set(REQUIRED) <= set(_first_row(beginning, one) or ())), ",")
    columns = _first_row(beginning, delimiter)
    if columns is None:
        raise DatasetInvalid(reason=f"its header does not end within {LONGEST_HEADER} characters")
    check_columns(columns)
    return CsvHeader(columns, delimiter, beginning[0] not in "\r\n")


def quick_batches(path: Path, header: CsvHeader) -> Iterator[pa.RecordBatch]:
    """Raises IrregularRows, maybe after some batches."""
    end = secrets.token_hex(16)
    last_row = end + header.delimiter * (len(header.columns) - 1)
    if not header.first:
        raise IrregularRows
    with path.open("rb") as file:
        source = _Extended(file, f"\n{last_row}\n".encode())
        try:
            yield from _up_to(end, _arrow_batches(source, header))
        except pa.ArrowInvalid:
            raise IrregularRows from None


def careful_batches(path: Path, header: CsvHeader) -> Iterator[pa.RecordBatch]:
    """Rows that are too short are filled up with empty values. Raises DatasetInvalid, naming the line."""
    with path.open(encoding=_ENCODING, newline="") as file:
        rows = _rows(file, header)
        while batch := _next_rows(rows):
            yield text_batch(header.columns, list(zip(*batch, strict=True)))


def _first_row(beginning: str, delimiter: str) -> list[str] | None:
    """None when it goes on behind the beginning."""
    lines = io.StringIO(beginning, newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    row = next((row for row in reader if row), list[str]())
    if len(beginning) == LONGEST_HEADER and not lines.read(1):
        return None
    return [name.strip() for name in row]


def _arrow_batches(source: io.RawIOBase, header: CsvHeader) -> Iterator[pa.RecordBatch]:
    reader = arrow_csv.open_csv(
        cast(IO[bytes], source),
        read_options=arrow_csv.ReadOptions(
            use_threads=False, block_size=BLOCK, column_names=header.columns, skip_rows_after_names=1
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=header.delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            check_utf8=False,
            strings_can_be_null=False,
            column_types={name: pa.string() for name in header.columns},
        ),
    )
    return (batch for batch in reader if batch.num_rows)


def _up_to(end: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The row that we appended comes out as itself, unless an open quote has swallowed it."""
    last: pa.RecordBatch | None = None
    for batch in batches:
        if last is not None:
            yield last
        last = batch
    if last is None or _last_value(last) != end:
        raise IrregularRows
    yield last.slice(0, last.num_rows - 1)


def _last_value(batch: Any) -> str:
    return batch.column(0)[-1].as_py()


def _rows(lines: Iterable[str], header: CsvHeader) -> Iterator[Sequence[str]]:
    end, width = secrets.token_hex(16), len(header.columns)
    reader = csv.reader(itertools.chain(lines, [end]), delimiter=header.delimiter)
    next((row for row in reader if row), None)  # the header
    line = reader.line_num + 1
    for row in reader:
        if row == [end]:
            return
        if row and row[-1].endswith(end):
            raise DatasetInvalid(reason=f"a quoted value in the row that begins in line {line} never ends")
        if len(row) > width:
            raise DatasetInvalid(reason=f"line {line} has {len(row)} values, but the header has {width} columns")
        if row:
            yield row if len(row) == width else row + [""] * (width - len(row))
        line = reader.line_num + 1


def _next_rows(rows: Iterator[Sequence[str]]) -> Sequence[Sequence[str]]:
    """So many that memory stays small, however long or short they are."""
    batch: list[Sequence[str]] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += sum(map(len, row))
        if len(batch) == _ROWS_AT_ONCE or characters > _CHARACTERS_AT_ONCE:
            break
    return batch


class _Extended(io.RawIOBase):
    """A file with something after its end."""

    def __init__(self, file: BinaryIO, more: bytes) -> None:
        self._parts: list[BinaryIO] = [file, io.BytesIO(more)]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        for part in self._parts:
            if data := part.read(size):
                return data
        return b""
