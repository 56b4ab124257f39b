"""From a received file to the four files of a dataset: what it is, whether it is right, its rows as text."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from touchstone.domains.datasets.ingest_checks import check_text
from touchstone.domains.datasets.ingest_csv import IrregularRows, careful_batches, quick_batches, read_header
from touchstone.domains.datasets.ingest_json_lines import json_line_batches
from touchstone.domains.datasets.ingest_parquet import MAGIC, parquet_batches
from touchstone.domains.datasets.model import DatasetInvalid
from touchstone_jobs.dataset_files import write_dataset
from touchstone_jobs.wire import DatasetFacts

_JSON_LINES = (".jsonl", ".ndjson", ".json")
# a packed file may hold many times its size; so may a table whose rows lack most of its columns
_EXPANSION = 20
_EXPANSION_FLOOR = 100_000_000  # bytes


def ingest(received: Path, filename: str, folder: Path) -> DatasetFacts:
    """Reads CSV, JSON lines or Parquet and writes the dataset's files into `folder`, in constant memory.

    Content decides the format, the extension only where content leaves it open. Raises DatasetMissingFields and
    DatasetInvalid; what lies in `folder` then is of no use.
    """
    folder.mkdir(parents=True, exist_ok=True)
    beginning = _beginning(received)
    limit = max(received.stat().st_size * _EXPANSION, _EXPANSION_FLOOR)
    if beginning.startswith(MAGIC):
        return write_dataset(_checked(parquet_batches(received, at_most=limit), limit), folder)
    if _is_json_lines(beginning, filename):
        check_text(received, "JSON lines")
        return write_dataset(_checked(json_line_batches(received), limit), folder)
    check_text(received, "CSV")
    return _ingest_csv(received, folder, limit)


def _ingest_csv(received: Path, folder: Path, limit: int) -> DatasetFacts:
    header = read_header(received)
    try:
        return write_dataset(_checked(quick_batches(received, header), limit), folder)
    except IrregularRows:
        return write_dataset(_checked(careful_batches(received, header), limit), folder)


def _checked(batches: Iterable[pa.RecordBatch], limit: int) -> Iterator[pa.RecordBatch]:
    rows = size = 0
    for batch in batches:
        rows += batch.num_rows
        size += batch.nbytes
        if size > limit:
            raise DatasetInvalid(reason=f"its rows take more than {limit} bytes")
        yield batch
    if rows == 0:
        raise DatasetInvalid(reason="it has columns but no rows")


def _beginning(received: Path) -> bytes:
    with received.open("rb") as file:
        return file.read(4096)


def _is_json_lines(beginning: bytes, filename: str) -> bool:
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith(b"{") or (bool(text) and Path(filename).suffix.lower() in _JSON_LINES)
