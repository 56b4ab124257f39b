"""JSON lines: one object a line. Read twice, first for the columns, because any line may bring a new one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from touchstone.domains.datasets.ingest_checks import MOST_COLUMNS, check_columns, text_batch
from touchstone.domains.datasets.model import DatasetInvalid

_ROWS_AT_ONCE = 8192
_BYTES_AT_ONCE = 2 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Row = dict[str, Any]
# a number keeps the digits it was written with
_DECODER = msgspec.json.Decoder(Row, float_hook=str)


def json_line_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Numbers and booleans become their text; null and a missing key become an empty one.

    Raises DatasetMissingFields or DatasetInvalid, naming the line.
    """
    columns = _columns(path)
    check_columns(columns)
    for rows in _batches(path):
        yield text_batch(columns, [[_text(row.get(name), line, name) for line, row in rows] for name in columns])


def _columns(path: Path) -> Sequence[str]:
    columns: dict[str, None] = {}
    for _, row, _ in _rows(path):
        if row.keys() <= columns.keys():
            continue
        columns.update(dict.fromkeys(row))
        if len(columns) > MOST_COLUMNS:
            break
    return list(columns)


def _batches(path: Path) -> Iterator[Sequence[tuple[int, Row]]]:
    batch: list[tuple[int, Row]] = []
    size = 0
    for line, row, length in _rows(path):
        batch.append((line, row))
        size += length
        if len(batch) == _ROWS_AT_ONCE or size > _BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _rows(path: Path) -> Iterator[tuple[int, Row, int]]:
    """Line number, object, bytes."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
            if not text.isspace() and text:
                yield number, _decoded(text, number), len(line)


def _decoded(text: bytes, line: int) -> Row:
    try:
        return _DECODER.decode(text)
    except msgspec.ValidationError:
        raise DatasetInvalid(reason=f"line {line} is not a JSON object") from None
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise DatasetInvalid(reason=f"line {line} is not valid JSON") from None


def _text(value: Any, line: int, column: str) -> str:
    if isinstance(value, str):
        if "\0" in value:
            raise DatasetInvalid(reason=f"the value of {column} in line {line} holds a NUL character")
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise DatasetInvalid(reason=f"the value of {column} in line {line} is a list or an object, not a text or a number")
