"""What clients send and get."""

from enum import StrEnum
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile


class DatasetFormat(StrEnum):
    JOB = "job"


class DatasetUpload(msgspec.Struct):
    dataset: UploadFile
    format: DatasetFormat


class DatasetDownload(msgspec.Struct):
    id: UUID
    download_urls: list[str]
