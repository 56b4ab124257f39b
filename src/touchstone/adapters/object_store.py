"""Where datasets, results and logs lie: a flat space of keys holding bytes."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from touchstone.errors import NotFound


class ObjectNotFound(NotFound):
    """There is no object {key}."""


class StoredObject(msgspec.Struct, frozen=True):
    """`size` in bytes."""

    key: str
    size: int
    modified_at: dt.datetime


class ObjectStore(Protocol):
    """Keys are `/`-separated, never start with a slash and hold no `.` or `..` part.

    Every method raises `Unavailable` (system `s3` or `object store`) when the store does not answer in time.
    """

    async def put(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Writes the whole object or nothing; replaces what was there."""
        ...

    async def put_file(self, key: str, path: Path, *, content_type: str = "application/octet-stream") -> None:
        """As `put`, from a local file, in constant memory. The file may go afterwards, but must not change: a store
        in the same file system keeps it instead of a copy."""
        ...

    async def create(self, key: str, body: bytes) -> bool:
        """Writes only if the key is free; answers whether it did. Of concurrent callers exactly one wins."""
        ...

    async def get(self, key: str, *, at_most: int = 16 * 1024 * 1024) -> bytes:
        """The object's first `at_most` bytes. Raises ObjectNotFound."""
        ...

    def stream(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        """The object's bytes from offset `start` on, in chunks. Raises ObjectNotFound."""
        ...

    async def copy(self, source: str, target: str) -> None:
        """Within the store, without the bytes passing through this process. Raises ObjectNotFound."""
        ...

    async def find(self, key: str) -> StoredObject | None:
        """What is known about one object."""
        ...

    def list(self, prefix: str, *, after: str = "") -> AsyncIterator[StoredObject]:
        """All objects whose key starts with the prefix, in the order of their keys' UTF-8; those behind `after`."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Absent keys are no error."""
        ...

    async def delete_prefix(self, prefix: str) -> None:
        """Deletes everything whose key starts with the prefix, which must end with a slash."""
        ...

    async def download_url(self, key: str, *, filename: str | None = None) -> str:
        """A signed GET URL that needs no other credentials and expires; does not look whether the key is there."""
        ...

    def uri(self, key: str) -> str:
        """How cluster code names the object (or, for a key ending with a slash, the folder)."""
        ...

    async def check(self) -> None:
        """Raises Unavailable unless the store answers."""
        ...
