"""The object store's protocol in memory, held to it by tests/contract/object_store."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from touchstone.adapters.object_keys import checked_folder, checked_key, checked_prefix
from touchstone.adapters.object_store import ObjectNotFound, StoredObject
from touchstone.adapters.signed_urls import SignedUrls
from touchstone.errors import Unavailable

CHUNK = 64 * 1024


class MemoryStore:
    """`objects` is open to tests. Set `unavailable` to a reason, and every call fails with it."""

    def __init__(self, urls: SignedUrls | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.modified: dict[str, dt.datetime] = {}
        self.unavailable: str | None = None
        self._urls = urls or SignedUrls("http://objects.test", [b"a key only for tests"])

    async def put(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> None:
        self._answer()
        self._keep(key, body)

    async def put_file(self, key: str, path: Path, *, content_type: str = "application/octet-stream") -> None:
        self._answer()
        self._keep(key, path.read_bytes())

    async def create(self, key: str, body: bytes) -> bool:
        self._answer()
        if checked_key(key) in self.objects:
            return False
        self._keep(key, body)
        return True

    async def get(self, key: str, *, at_most: int = 16 * 1024 * 1024) -> bytes:
        return self._body(key)[:at_most]

    async def stream(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        body = self._body(key)
        for offset in range(start, len(body), CHUNK):
            yield body[offset : offset + CHUNK]

    async def copy(self, source: str, target: str) -> None:
        self._keep(checked_key(target), self._body(source))

    async def find(self, key: str) -> StoredObject | None:
        self._answer()
        if checked_key(key) not in self.objects:
            return None
        return StoredObject(key, len(self.objects[key]), self.modified[key])

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[StoredObject]:
        self._answer()
        for key in sorted(self._below(checked_prefix(prefix)), key=str.encode):
            if key.encode() <= after.encode():
                continue
            if (found := await self.find(key)) is not None:
                yield found

    async def delete(self, keys: Sequence[str]) -> None:
        self._answer()
        for key in map(checked_key, keys):
            self.objects.pop(key, None)

    async def delete_prefix(self, prefix: str) -> None:
        self._answer()
        for key in self._below(checked_folder(prefix)):
            del self.objects[key]

    async def download_url(self, key: str, *, filename: str | None = None) -> str:
        return self._urls.sign(checked_key(key), filename)

    def uri(self, key: str) -> str:
        return f"memory://store/{checked_folder(key) if key.endswith('/') else checked_key(key)}"

    async def check(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.unavailable is not None:
            raise Unavailable(system="object store", reason=self.unavailable)

    def _keep(self, key: str, body: bytes) -> None:
        self.objects[checked_key(key)] = bytes(body)
        self.modified[key] = dt.datetime.now(dt.UTC)

    def _body(self, key: str) -> bytes:
        self._answer()
        if checked_key(key) not in self.objects:
            raise ObjectNotFound(key=key)
        return self.objects[key]

    def _below(self, prefix: str) -> Sequence[str]:
        return [key for key in self.objects if key.startswith(prefix)]
