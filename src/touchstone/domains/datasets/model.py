"""What a dataset is, and what can go wrong with one."""

import datetime as dt
from typing import Literal
from uuid import UUID

import msgspec

from touchstone.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge, Unavailable


class Dataset(msgspec.Struct, frozen=True):
    """`size` is in bytes, as received; `digest` is the hex SHA-256 of the rows."""

    id: UUID
    filename: str
    format: Literal["job"]
    size: int
    ground_truth: bool
    run_id: UUID | None
    generated: bool | None
    generated_by: str | None
    created_at: dt.datetime
    row_count: int
    columns: list[str]
    digest: str


class StoredDataset(msgspec.Struct, frozen=True):
    """Where a dataset lies: `folder` is a key prefix that ends with a slash."""

    id: UUID
    filename: str
    folder: str
    digest: str
    generated: bool
    is_deleted: bool


class DatasetNotFound(NotFound):
    """Dataset with ID {id} not found"""


class DatasetDownloadNotFound(DatasetNotFound):
    """Dataset with ID {id} not found: error getting dataset download"""


class DatasetMissingFields(Forbidden):
    """Dataset is missing required fields: {fields}"""


class DatasetInvalid(Invalid):
    """Dataset is invalid: {reason}"""


class DatasetTooLarge(TooLarge):
    """Dataset upload exceeds the {limit} limit"""


class DatasetInUse(Conflict):
    """Dataset with ID {id} is in use by {users}; wait for their end, or cancel them"""


class UploadTooSlow(Unavailable):
    """Upstream error with object store: it took too long to store the dataset"""
