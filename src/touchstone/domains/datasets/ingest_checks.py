"""What every upload must be, and what its rows become, whatever its format."""

import codecs
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from touchstone.domains.datasets.model import DatasetInvalid, DatasetMissingFields

REQUIRED = ("examples",)
MOST_COLUMNS = 1000
LONGEST_NAME = 200  # characters
_CHUNK = 1024 * 1024


_arrow: Any = pa  # the stubs know too little of these constructors


def text_batch(columns: Sequence[str], values: Sequence[Any]) -> pa.RecordBatch:
    """One batch of string columns; `values` holds a sequence or an Arrow array for each."""
    arrays = [_arrow.array(texts, _arrow.string()) for texts in values]
    return _arrow.RecordBatch.from_arrays(arrays, names=list(columns))


def check_columns(names: Sequence[str]) -> None:
    """Raises DatasetMissingFields or DatasetInvalid."""
    if missing := [name for name in REQUIRED if name not in names]:
        raise DatasetMissingFields(fields=", ".join(missing))
    if len(names) > MOST_COLUMNS:
        raise DatasetInvalid(reason=f"it has {len(names)} columns, more than {MOST_COLUMNS}")
    if "" in names:
        place = list(names).index("") + 1
        raise DatasetInvalid(reason=f"its column {place} has no name (leave out an index that a table program wrote)")
    if repeated := [name for name, times in Counter(names).items() if times > 1]:
        raise DatasetInvalid(reason=f"it has more than one column named {repeated[0][:LONGEST_NAME]}")
    if longest := [name for name in names if len(name) > LONGEST_NAME]:
        raise DatasetInvalid(reason=f"the column name {longest[0][:40]}… is longer than {LONGEST_NAME} characters")


def check_text(path: Path, kind: str) -> None:
    """Raises DatasetInvalid unless the file is UTF-8 text. A NUL counts as no text: it is the mark of UTF-16 and of
    binary files, and a database cannot keep it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                raise _not_text(path, kind, offset - pending + error.start) from None
            if (nul := chunk.find(0)) >= 0:
                raise _not_text(path, kind, offset + nul)
            offset += len(chunk)
    if pending := len(decoder.getstate()[0]):
        raise _not_text(path, kind, offset - pending)


def _not_text(path: Path, kind: str, offset: int) -> DatasetInvalid:
    line, left = 1, offset
    with path.open("rb") as file:
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            line += chunk.count(b"\n")
            left -= len(chunk)
    return DatasetInvalid(reason=f"not a {kind} file (byte {offset + 1}, in line {line}, is not UTF-8 text)")
