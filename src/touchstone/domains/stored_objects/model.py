"""Objects as their keys tell of them, and what came of looking at many."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

import msgspec


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
