"""What an attempt has finished, kept in the object store piece by piece, so that the next attempt goes on from it."""

import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

from touchstone_jobs import storage

Item = TypeVar("Item", bound=msgspec.Struct)


class Segments(Generic[Item]):
    """JSON Lines files `{folder}{attempt:06d}-{number:06d}.jsonl`, each written once.

    An attempt reads what earlier ones (and its own number, should it have been started twice) left, and writes its own.
    """

    def __init__(self, folder_uri: str, attempt: int, item: type[Item]) -> None:
        self._folder = folder_uri
        self._attempt = attempt
        self._decoder = msgspec.json.Decoder(item)
        self._pending: list[Item] = []
        self._number = 0
        self._flushing = threading.Lock()

    def earlier(self) -> Iterator[Item]:
        """Items of all attempts up to this one, oldest first. Read before the first `flush`."""
        for uri in storage.list_objects(self._folder):
            attempt, number = _numbers(uri)
            if attempt > self._attempt:
                continue
            if attempt == self._attempt:
                self._number = max(self._number, number)
            yield from self._decoder.decode_lines(storage.get(uri))

    @property
    def pending(self) -> int:
        return len(self._pending)

    def append(self, item: Item) -> None:
        self._pending.append(item)

    def flush(self) -> None:
        """Writes what is pending as one segment. What could not be written stays pending. May be called by threads."""
        with self._flushing:
            items = list(self._pending)
            if not items:
                return
            uri = f"{self._folder}{self._attempt:06d}-{self._number + 1:06d}.jsonl"
            storage.put(uri, msgspec.json.Encoder().encode_lines(items))
            self._number += 1
            del self._pending[: len(items)]


def _numbers(uri: str) -> tuple[int, int]:
    attempt, _, number = uri.rpartition("/")[2].removesuffix(".jsonl").partition("-")
    return int(attempt), int(number)
