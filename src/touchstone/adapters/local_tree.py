"""A folder of files seen as a flat space of keys."""

import datetime as dt
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from touchstone.adapters.object_store import StoredObject

UNFINISHED = ".unfinished"
"""Ends the name of a file that cluster code, which writes beside its target, has not finished."""


def walk(folder: Path, above: str, beginning: str = "", *, hidden: str = "", after: str = "") -> Iterator[StoredObject]:
    """All files below `folder` whose name in it starts with `beginning`; `above` is the folder's own key.

    In the order of the keys' UTF-8 bytes, as S3 lists them, and only those behind `after`.
    """
    seen = os.fsencode(after)
    for entry in _entries(folder):
        if not entry.name.startswith(beginning) or (not above and entry.name == hidden):
            continue
        key = os.fsencode(above + entry.name)
        if entry.is_dir(follow_symlinks=False):
            if seen <= key + b"/" or seen.startswith(key + b"/"):
                yield from walk(folder / entry.name, f"{above}{entry.name}/", after=after)
        elif entry.name.endswith(UNFINISHED) or key <= seen:
            continue
        elif found := described(above + entry.name, folder / entry.name):
            yield found


def described(key: str, path: Path) -> StoredObject | None:
    """None unless a file is there."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return StoredObject(key, status.st_size, dt.datetime.fromtimestamp(status.st_mtime, dt.UTC))


def _entries(folder: Path) -> "Sequence[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=_place)
    except (FileNotFoundError, NotADirectoryError):
        return ()


def _place(entry: "os.DirEntry[str]") -> bytes:
    """A folder stands where its keys stand: `a.txt` before `a/b`, because `.` is before `/`."""
    return os.fsencode(entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name)
