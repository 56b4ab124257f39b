"""A local file to S3 in parts, holding at most a few of them in memory."""

import asyncio
import contextlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from touchstone.adapters.s3_client import time_to_send

SMALLEST_PART = 8 * 1024 * 1024  # bytes; S3 wants at least 5 MiB
MOST_PARTS = 10_000
_AT_ONCE = 3


async def upload(client: Any, place: Mapping[str, str], path: Path, *, content_type: str) -> None:
    """`place` is `{"Bucket": …, "Key": …}`. Nothing is left in the store unless all parts have arrived."""
    size = (await asyncio.to_thread(path.stat)).st_size
    if size <= SMALLEST_PART:
        body = await asyncio.to_thread(path.read_bytes)
        async with time_to_send(size):
            await client.put_object(**place, Body=body, ContentType=content_type)
        return
    begun = await client.create_multipart_upload(**place, ContentType=content_type)
    place = {**place, "UploadId": begun["UploadId"]}
    try:
        parts = await _upload_parts(client, place, path, size)
        await client.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    except BaseException:
        with contextlib.suppress(Exception):  # the first failure is the one to tell
            await asyncio.shield(client.abort_multipart_upload(**place))
        raise


async def _upload_parts(client: Any, place: Mapping[str, str], path: Path, size: int) -> "list[dict[str, Any]]":
    length = max(SMALLEST_PART, math.ceil(size / MOST_PARTS))
    gate = asyncio.Semaphore(_AT_ONCE)

    async def upload_part(number: int) -> dict[str, Any]:
        async with gate:
            body = await asyncio.to_thread(_read_at, path, number * length, length)
            async with time_to_send(len(body) * _AT_ONCE):
                answer = await client.upload_part(**place, PartNumber=number + 1, Body=body)
            return {"ETag": answer["ETag"], "PartNumber": number + 1}

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(upload_part(number)) for number in range(math.ceil(size / length))]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def _read_at(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)
