"""How a backup or a restore says how far it is."""

from contextlib import AbstractContextManager
from typing import Protocol

from touchstone.backups.objects import Seen


class Progress(Protocol):
    def step(self, words: str, total: int | None = None) -> AbstractContextManager[Seen]:
        """Something that takes a while; what it gives is told how much more is done, of `total` if that is known."""
        ...
