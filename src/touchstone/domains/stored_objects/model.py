"""Which row an object belongs to, as its key says."""

import datetime as dt
import re
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from touchstone.adapters.object_store import StoredObject
from touchstone.domains.jobs.kinds import COMPILED, LOGS, WORK, Layout
from touchstone.domains.test_results.model import RAW_FILES

_UUID = r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"


class Owner(StrEnum):
    """What an object may belong to."""

    DATASET = "dataset"
    JOB = "job"
    JOB_LOG = "job log"
    WORKFLOW = "workflow"
    RAW_FILE = "raw result file"


class Place(msgspec.Struct, frozen=True):
    """Objects under one prefix. What does not read like `pattern` is somebody else's, and left alone."""

    prefix: str
    owner: Owner
    pattern: str


class OwnedObject(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is that of the row, null where the key itself is looked up; `folder` is a dataset's, null else."""

    key: str
    owner: Owner
    id: UUID | None
    folder: str | None
    size: int
    modified_at: dt.datetime


class OrphansFound(msgspec.Struct, kw_only=True):
    """`sample` are the first keys. `strange` are objects whose keys say nothing; they are left alone.

    `doubtful` names the places that were passed over: they hold objects, and the table of their rows is empty, as
    when a new database meets the store of another one.
    """

    looked_at: int = 0
    orphans: int = 0
    bytes: int = 0
    strange: int = 0
    removed: int = 0
    sample: list[str] = []
    doubtful: list[str] = []


def places_of(layout: Layout) -> tuple[Place, ...]:
    return (
        Place(f"{layout.datasets_prefix}/", Owner.DATASET, rf"{_UUID}/[^/]+/[^/]+"),
        Place(f"{layout.results_prefix}/", Owner.JOB, rf"[^/]+/{_UUID}/[^/]+"),
        Place(WORK, Owner.JOB, rf"{_UUID}/.+"),
        Place(LOGS, Owner.JOB_LOG, rf"{_UUID}/[^/]+"),
        Place(COMPILED, Owner.WORKFLOW, r"(?P<id>[0-9a-f]{32})/[^/]+"),
        Place(f"{RAW_FILES}/", Owner.RAW_FILE, r"[0-9a-f]{2}/[0-9a-f]{64}\.[a-z]+"),
    )


def owned(place: Place, stored: StoredObject) -> OwnedObject | None:
    """None for an object that is none of ours."""
    found = re.fullmatch(re.escape(place.prefix) + place.pattern, stored.key)
    if found is None:
        return None
    named = found.groupdict().get("id")
    return OwnedObject(
        key=stored.key,
        owner=place.owner,
        id=UUID(named) if named else None,
        folder=stored.key.rpartition("/")[0] + "/" if place.owner is Owner.DATASET else None,
        size=stored.size,
        modified_at=stored.modified_at,
    )


def owner_of(places: Sequence[Place], stored: StoredObject) -> OwnedObject | None:
    """The same where the place is not known."""
    found = (owned(place, stored) for place in places if stored.key.startswith(place.prefix))
    return next((one for one in found if one is not None), None)
