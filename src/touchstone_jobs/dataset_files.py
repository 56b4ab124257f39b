"""A dataset as a folder of four files: written and read batch by batch, whatever its size.

    data-00000-of-00001.arrow   Arrow IPC stream, as Hugging Face `datasets` writes and `load_from_disk` reads it
    dataset.csv                 the same rows as RFC 4180 CSV: header, commas, `\\n`, no index
    dataset_info.json           the columns, all of them strings
    state.json                  which file holds the data

Batches are pyarrow RecordBatches whose columns are all strings. pyarrow is imported on first use: it is slow to
load, and most processes that import this module never write a dataset.
"""

import csv
import hashlib
import io
import json
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from touchstone_jobs.wire import DatasetFacts

ARROW_FILE = "data-00000-of-00001.arrow"
CSV_FILE = "dataset.csv"
INFO_FILE = "dataset_info.json"
STATE_FILE = "state.json"
FILES = (ARROW_FILE, CSV_FILE, INFO_FILE, STATE_FILE)

GROUND_TRUTH = "ground_truth"
NA_WORDS = frozenset(
    {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"}
    | {"NULL", "NaN", "None", "n/a", "nan", "null"}
)
"""What pandas reads as a missing value; a ground truth of these is none."""

LARGEST_BATCH = 4 * 1024 * 1024
RecordBatch = Any
"""A pyarrow.RecordBatch."""


def write_dataset(batches: Iterable[RecordBatch], folder: Path) -> DatasetFacts:
    """Writes the four files into an existing local folder, in memory for one batch.

    `size` of the answer is the CSV's bytes. Raises ValueError when there is no batch at all to take columns from.
    """
    stream = iter(batches)
    first = next(stream, None)
    if first is None:
        raise ValueError("a dataset needs at least one batch, be it empty")
    with DatasetWriter(folder, first.schema.names) as writer:
        writer.write(first)
        for batch in stream:
            writer.write(batch)
        return writer.finish()


class DatasetWriter:
    """The four files of one dataset while its batches come in; `finish` completes them."""

    def __init__(self, folder: Path, columns: Sequence[str]) -> None:
        pa = import_module("pyarrow")

        if len(set(columns)) != len(columns):
            raise ValueError("column names must differ")
        self._folder = folder
        self._columns = list(columns)
        self._schema: Any = pa.schema([(name, pa.string()) for name in columns], metadata=_hugging_face(columns))
        self._arrow_file = (folder / ARROW_FILE).open("wb")
        self._arrow: Any = pa.ipc.new_stream(self._arrow_file, self._schema)
        self._csv = (folder / CSV_FILE).open("wb")
        self._csv.write(_csv_header(columns))
        self._digest = _ColumnDigests(self._columns)
        self._rows = 0
        self._ground_truth = GROUND_TRUTH in self._columns

    def __enter__(self) -> "DatasetWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._arrow_file.close()
        self._csv.close()

    def write(self, batch: RecordBatch) -> None:
        """Appends a batch; its columns are the writer's, in any order. Readers get it back in parts of a few MB."""
        parts = -(-batch.nbytes // LARGEST_BATCH) or 1
        rows = max(-(-batch.num_rows // parts), 1)
        for start in range(0, batch.num_rows or 1, rows):
            self._write(batch.slice(start, rows))

    def _write(self, batch: RecordBatch) -> None:
        pa, arrow_csv = import_module("pyarrow"), import_module("pyarrow.csv")

        columns: list[Any] = [batch.column(name).cast(pa.string()) for name in self._columns]
        self._arrow.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        # a row of one missing value would be an empty line, which readers skip: missing values are written as ""
        texts = pa.RecordBatch.from_arrays([column.fill_null("") for column in columns], names=self._columns)
        arrow_csv.write_csv(texts, self._csv, arrow_csv.WriteOptions(include_header=False))
        self._digest.add(columns)
        self._rows += batch.num_rows
        if self._ground_truth and not _all_filled(columns[self._columns.index(GROUND_TRUTH)]):
            self._ground_truth = False

    def finish(self) -> DatasetFacts:
        self._arrow.close()
        self._csv.flush()
        digest = self._digest.hexdigest()
        (self._folder / INFO_FILE).write_text(json.dumps(_info(self._columns), indent=2))
        (self._folder / STATE_FILE).write_text(json.dumps(_state(digest), indent=2))
        return DatasetFacts(
            size=(self._folder / CSV_FILE).stat().st_size,
            rows=self._rows,
            columns=self._columns,
            ground_truth=self._ground_truth and self._rows > 0,
            digest=digest,
        )


def read_batches(arrow_file: Path) -> Iterator[RecordBatch]:
    """The batches of a dataset's arrow file, one in memory at a time."""
    pa = import_module("pyarrow")

    with pa.OSFile(str(arrow_file), "rb") as source, pa.ipc.open_stream(source) as reader:
        yield from reader


def read_columns(arrow_file: Path) -> list[str]:
    pa = import_module("pyarrow")

    with pa.OSFile(str(arrow_file), "rb") as source, pa.ipc.open_stream(source) as reader:
        return list(reader.schema.names)


def read_rows(arrow_file: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, str | None]]:
    """The rows of a dataset's arrow file, all columns or the named ones."""
    for batch in read_batches(arrow_file):
        chosen = batch if columns is None else batch.select(list(columns))
        yield from chosen.to_pylist()


class RowKeys:
    """Keys that are the same wherever the same rows are met in the same order.

    A key is the row's content (32 hex digits) and its occurrence: the second of two identical rows ends in `-2`.
    Holds one number per distinct row.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def next_key(self, values: Iterable[str | None]) -> str:
        return self.key_of(map(_canonical, values))

    def key_of(self, canonical: Iterable[bytes]) -> str:
        """As `next_key`, of the values' canonical bytes."""
        content = hashlib.blake2b(b"".join(canonical), digest_size=16).digest()
        occurrence = self._seen.get(content, 0) + 1
        self._seen[content] = occurrence
        return f"{content.hex()}-{occurrence}"


def row_keys(arrow_file: Path, *, without: Collection[str] = ()) -> Iterator[str]:
    """The rows' keys, in order. Columns named in `without` (a model's answers) do not count as content, so that
    rows of two models pair."""
    keys = RowKeys()
    columns = [name for name in read_columns(arrow_file) if name not in without]
    for batch in read_batches(arrow_file):
        yield from map(keys.key_of, zip(*(_canonical_values(batch.column(name)) for name in columns), strict=True))


def _canonical(value: str | None) -> bytes:
    """Length and text, so that no two rows read the same; a missing value is not an empty one."""
    if value is None:
        return b"\xff\xff\xff\xff"
    text = value.encode()
    return struct.pack("<i", len(text)) + text


def _canonical_values(array: Any) -> Iterator[bytes]:
    """`_canonical` of each value, cut out of Arrow's own bytes: making texts of them takes three times as long."""
    lengths, texts, start = _lengths(array), _texts(array), 0
    for place, length in enumerate(lengths.cast("B").cast("i")):
        end = start + length if length > 0 else start
        yield bytes(lengths[4 * place : 4 * place + 4]) + texts[start:end]
        start = end


class _ColumnDigests:
    """SHA-256 over each column's lengths (int32, -1 for a missing value) and texts, joined under the columns' names.

    By column, because Arrow keeps it so: no step per row, and the same digest however rows are cut into batches.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._lengths = [hashlib.sha256() for _ in columns]
        self._texts = [hashlib.sha256() for _ in columns]

    def add(self, arrays: Sequence[Any]) -> None:
        for array, lengths, texts in zip(arrays, self._lengths, self._texts, strict=True):
            lengths.update(_lengths(array))
            texts.update(_texts(array))

    def hexdigest(self) -> str:
        parts = zip(self._columns, self._lengths, self._texts, strict=True)
        return hashlib.sha256(
            b"".join(_canonical(name) + lengths.digest() + texts.digest() for name, lengths, texts in parts)
        ).hexdigest()


def _lengths(array: Any) -> memoryview:
    compute = import_module("pyarrow.compute")

    lengths = compute.fill_null(compute.binary_length(array), -1)
    start = lengths.offset * 4
    return memoryview(lengths.buffers()[1])[start : start + len(lengths) * 4]


def _texts(array: Any) -> memoryview:
    filled = array.fill_null("") if array.null_count else array
    _, offsets, data = filled.buffers()
    if data is None or len(filled) == 0:
        return memoryview(b"")
    start, end = (struct.unpack_from("<i", offsets, (filled.offset + at) * 4)[0] for at in (0, len(filled)))
    return memoryview(data)[start:end]


def _all_filled(array: Any) -> bool:
    pa, compute = import_module("pyarrow"), import_module("pyarrow.compute")

    if array.null_count:
        return False
    trimmed = compute.utf8_trim_whitespace(array)
    missing = compute.is_in(trimmed, value_set=pa.array(sorted(NA_WORDS)))
    return not compute.any(missing).as_py()


def _csv_header(columns: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(columns)
    return line.getvalue().encode()


def _features(columns: Sequence[str]) -> dict[str, dict[str, str]]:
    return {name: {"dtype": "string", "_type": "Value"} for name in columns}


def _info(columns: Sequence[str]) -> dict[str, Any]:
    return {"citation": "", "description": "", "features": _features(columns), "homepage": "", "license": ""}


def _hugging_face(columns: Sequence[str]) -> dict[str, str]:
    return {"huggingface": json.dumps({"info": {"features": _features(columns)}})}


def _state(digest: str) -> dict[str, Any]:
    return {
        "_data_files": [{"filename": ARROW_FILE}],
        "_fingerprint": digest[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
