"""How a downloaded object tells a browser its type and its file name."""

from pathlib import PurePosixPath
from urllib.parse import quote

_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".txt": "text/plain; charset=utf-8",
    ".log": "text/plain; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.stream",
}


def content_type_of(name: str) -> str:
    """By extension, from a table of our own: what a machine has registered for an extension differs."""
    return _TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def attachment(filename: str) -> str:
    """A Content-Disposition (RFC 6266): an ASCII name for old clients, the real one in UTF-8 (RFC 8187)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"
