"""Which words a caller is shown."""

from collections.abc import Iterable
from typing import LiteralString

import msgspec

from touchstone.domains.families.model import families_shown
from touchstone.domains.shapes.issues import CONTRACT_SOURCES, SOURCES
from touchstone.http.caller import Caller

SHOWN: LiteralString = "with shown as materialized (select $1::text[] as families, $2::text[] as sources)"
"""The first CTE of a statement; its two values are the first of the statement: `*words`."""


class Shown(msgspec.Struct, frozen=True):
    families: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def words(self) -> tuple[list[str], list[str]]:
        return list(self.families), list(self.sources)


def shown_to(caller: Caller, *, families: Iterable[str | None] = (), sources: Iterable[str | None] = ()) -> Shown:
    """All words to whoever accepts extensions or names one of ours; else the contract's."""
    return Shown(families_shown(caller, families), caller.words_shown(SOURCES, CONTRACT_SOURCES, sources))
