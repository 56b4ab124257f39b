"""Parquet: any columns that have a text form."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as parquet

from touchstone.domains.datasets.ingest_checks import check_columns, text_batch
from touchstone.domains.datasets.model import DatasetInvalid

MAGIC = b"PAR1"
_compute: Any = pyarrow.compute  # the stubs know too little of it
_BYTES_AT_ONCE = 2 * 1024 * 1024
_MOST_ROWS_AT_ONCE = 8192
_LEAST_ROWS_AT_ONCE = 16


def parquet_batches(path: Path, *, at_most: int) -> Iterator[pa.RecordBatch]:
    """Null becomes an empty text. Raises DatasetMissingFields, or DatasetInvalid, also for a file that says of itself
    that it unpacks to more than `at_most` bytes."""
    with _readable(), _opened(path) as file:
        names = file.schema_arrow.names
        check_columns(names)
        unpacked = _unpacked_size(file.metadata)
        if unpacked > at_most:
            raise DatasetInvalid(reason=f"it unpacks to {unpacked} bytes, more than {at_most}")
        rows = _BYTES_AT_ONCE * file.metadata.num_rows // max(unpacked, 1)
        size = min(max(rows, _LEAST_ROWS_AT_ONCE), _MOST_ROWS_AT_ONCE)
        for batch in file.iter_batches(batch_size=size, use_threads=False):
            yield text_batch(names, [_texts(batch.column(name), name) for name in names])


def _opened(path: Path) -> Any:
    return parquet.ParquetFile(path, pre_buffer=False, buffer_size=1024 * 1024)


def _unpacked_size(metadata: Any) -> int:
    return sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))


def _texts(array: Any, name: str) -> Any:
    try:
        texts = _compute.fill_null(array.cast(pa.string()), "")
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        raise DatasetInvalid(reason=f"the column {name} holds {array.type}, which has no text form") from None
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        raise DatasetInvalid(reason=f"the column {name} holds a text that is not UTF-8") from None
    if _compute.any(_compute.match_substring(texts, "\0")).as_py():
        raise DatasetInvalid(reason=f"the column {name} holds a NUL character")
    return texts


@contextmanager
def _readable() -> Generator[None]:
    try:
        yield
    except (pa.ArrowException, OSError):
        raise DatasetInvalid(reason="not a Parquet file, or a damaged one") from None
