"""What clients send and get."""

from enum import StrEnum
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from touchstone.domains.belonging.model import BelongingFields


class DatasetFormat(StrEnum):
    JOB = "job"


class DatasetUpload(BelongingFields, kw_only=True):
    dataset: UploadFile
    format: DatasetFormat


class DatasetDownload(msgspec.Struct):
    id: UUID
    download_urls: list[str]
