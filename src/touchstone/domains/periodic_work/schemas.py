"""What clients get."""

import msgspec

from touchstone.domains.periodic_work.model import PeriodicRun, PeriodicWork


class PeriodicWorkList(msgspec.Struct):
    """By name."""

    items: list[PeriodicWork]


class PeriodicRuns(msgspec.Struct):
    """One page, newest first."""

    items: list[PeriodicRun]
    next_cursor: str | None
