"""What workers do again and again, and what came of it."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from touchstone.errors import Conflict, NotFound

Outcome = Literal["succeeded", "failed", "lost"]

LONGEST_RUN_SECONDS = 3600.0
# of what a run answered and of what it failed with, in bytes of JSON and in characters
LARGEST_DETAIL = 10_000
LONGEST_ERROR = 1000


class PeriodicTask(msgspec.Struct, frozen=True):
    """`work` is called about every `every_seconds`, by one worker at a time, and must stand being cancelled anywhere.

    What it answers is kept with the run as JSON, None for nothing. Whatever it raises fails the run; only the words
    of failures of ours are kept, since those of others may hold secrets. One that is not `enabled` is shown as such,
    and never called. A run that takes longer than `at_most_seconds` is cancelled and has failed.
    """

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[Any]]
    enabled: bool = True
    at_most_seconds: float = LONGEST_RUN_SECONDS


class ClaimedRun(msgspec.Struct, frozen=True):
    """Leased: nobody else does this meanwhile. `worker` is the lease's holder, another one for each claim."""

    id: int
    name: str
    worker: str


class PeriodicRun(msgspec.Struct, frozen=True):
    """`outcome` is null while it goes on; `lost` is one whose worker went away.

    `triggered_by` says who asked for it, null where it was due; `detail` is what the work answered.
    """

    id: int
    outcome: Outcome | None
    started_at: dt.datetime
    ended_at: dt.datetime | None
    duration_seconds: float
    worker: str
    triggered_by: str | None
    detail: Any
    error: str | None


class PeriodicWork(msgspec.Struct, frozen=True):
    """`is_registered` says whether a worker that runs does this; `failures` counts those in a row.

    `triggered_by` is who asked for a run that has not begun yet.
    """

    name: str
    every_seconds: float
    is_enabled: bool
    is_registered: bool
    is_running: bool
    next_at: dt.datetime
    failures: int
    triggered_by: str | None
    triggered_at: dt.datetime | None
    registered_at: dt.datetime
    last_run: PeriodicRun | None


class PeriodicWorkNotFound(NotFound):
    """Periodic work '{name}' doesn't exist"""


class PeriodicWorkDisabled(Conflict):
    """Periodic work '{name}' is switched off by the settings of the workers"""


class PeriodicWorkUnregistered(Conflict):
    """No worker that runs does the periodic work '{name}'"""


def plain_detail(answered: Any) -> Any:
    """What a run answered as it is kept: JSON, and not too much of it."""
    plain = msgspec.to_builtins(answered, enc_hook=str)
    written = msgspec.json.encode(plain)
    if len(written) > LARGEST_DETAIL:
        return {"left_out": "it is too long to be kept"}
    return {"left_out": "it holds a NUL character"} if b"\\u0000" in written else plain
