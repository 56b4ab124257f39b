"""The object store on S3 or anything that speaks it."""

import asyncio
import itertools
import secrets
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, Self

from touchstone.adapters.attachments import attachment
from touchstone.adapters.object_keys import checked_folder, checked_key, checked_prefix
from touchstone.adapters.object_store import ObjectNotFound, StoredObject
from touchstone.adapters.s3_client import S3Account, S3Clients, time_to_send
from touchstone.adapters.s3_failures import answering, client_error, code_of, status_of, unavailable
from touchstone.adapters.s3_multipart import upload

CHUNK = 1024 * 1024
_DELETED_AT_ONCE = 1000
_CHECK_SECONDS = 5
_ATTEMPTS_AGAINST_CONFLICT = 8
_CONFLICT_PAUSE_SECONDS = 0.05
_WRITER = "writer"


class S3Store:
    """Needs the permissions to list the bucket and to get, put and delete its objects. `copy` reaches 5 GB."""

    def __init__(
        self,
        bucket: str,
        *,
        endpoint_url: str | None,
        region: str,
        access_key_id: str | None,
        secret_access_key: str | None,
        url_expiry_seconds: int = 3600,
        public_endpoint_url: str | None = None,
    ) -> None:
        self._bucket = bucket
        self._region = region
        self._url_expiry_seconds = url_expiry_seconds
        self._clients = S3Clients(
            S3Account(region, endpoint_url, access_key_id, secret_access_key, public_endpoint_url)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connections; a later call opens new ones."""
        await self._clients.close()

    async def put(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> None:
        place = self._place(key)
        client = await self._clients.inside()
        with answering():
            async with time_to_send(len(body)):
                await client.put_object(**place, Body=body, ContentType=content_type)

    async def put_file(self, key: str, path: Path, *, content_type: str = "application/octet-stream") -> None:
        place = self._place(key)
        client = await self._clients.inside()
        with answering():
            await upload(client, place, path, content_type=content_type)

    async def create(self, key: str, body: bytes) -> bool:
        """A writer's mark tells our own first attempt, whose answer got lost, from somebody else's object."""
        place, mark = self._place(key), secrets.token_hex(16)
        client = await self._clients.inside()
        with answering():
            for _ in range(_ATTEMPTS_AGAINST_CONFLICT):
                try:
                    async with time_to_send(len(body)):
                        await client.put_object(**place, Body=body, IfNoneMatch="*", Metadata={_WRITER: mark})
                except client_error() as error:
                    if status_of(error) == 412:
                        return await self._was_written_by(client, place, mark)
                    if status_of(error) != 409:
                        raise
                    await asyncio.sleep(_CONFLICT_PAUSE_SECONDS)
                else:
                    return True
        raise unavailable("several writers of one object are in each other's way")

    async def get(self, key: str, *, at_most: int = 16 * 1024 * 1024) -> bytes:
        body = bytearray()
        async with aclosing(self.stream(key)) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) >= at_most:
                    break
        return bytes(body[:at_most])

    async def stream(self, key: str, *, start: int = 0) -> AsyncGenerator[bytes]:
        place = self._place(key)
        if start > 0:
            place["Range"] = f"bytes={start}-"
        client = await self._clients.inside()
        with answering():
            try:
                with _finding(key):
                    answer = await client.get_object(**place)
            except client_error() as error:
                if status_of(error) == 416:  # nothing is there from `start` on
                    return
                raise
            async with answer["Body"] as body:
                async for chunk in body.content.iter_chunked(CHUNK):
                    yield chunk

    async def copy(self, source: str, target: str) -> None:
        origin, place = self._place(source), self._place(target)
        client = await self._clients.inside()
        with answering(), _finding(source):
            await client.copy_object(**place, CopySource=origin)

    async def find(self, key: str) -> StoredObject | None:
        place = self._place(key)
        client = await self._clients.inside()
        with answering():
            try:
                head = await client.head_object(**place)
            except client_error() as error:
                if status_of(error) == 404:
                    return None
                raise
        return StoredObject(key, head["ContentLength"], head["LastModified"])

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[StoredObject]:
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": checked_prefix(prefix)}
        if checked_prefix(after):
            request["StartAfter"] = after
        client = await self._clients.inside()
        with answering():
            while True:
                page = await client.list_objects_v2(**request)
                for found in page.get("Contents", ()):
                    yield StoredObject(found["Key"], found["Size"], found["LastModified"])
                if not page.get("IsTruncated"):
                    return
                request["ContinuationToken"] = page["NextContinuationToken"]

    async def delete(self, keys: Sequence[str]) -> None:
        remaining = iter([checked_key(key) for key in keys])
        while batch := tuple(itertools.islice(remaining, _DELETED_AT_ONCE)):
            await self._delete_batch(batch)

    async def delete_prefix(self, prefix: str) -> None:
        batch = deque[str]()
        async for found in self.list(checked_folder(prefix)):
            batch.append(found.key)
            if len(batch) == _DELETED_AT_ONCE:
                await self._delete_batch(batch)
                batch.clear()
        if batch:
            await self._delete_batch(batch)

    async def download_url(self, key: str, *, filename: str | None = None) -> str:
        disposition = attachment(filename or key.rpartition("/")[2])
        parameters = {**self._place(key), "ResponseContentDisposition": disposition}
        client = await self._clients.public()
        with answering():
            return await client.generate_presigned_url(
                "get_object", Params=parameters, ExpiresIn=self._url_expiry_seconds
            )

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{checked_folder(key) if key.endswith('/') else checked_key(key)}"

    async def check(self) -> None:
        client = await self._clients.inside()
        with answering():
            async with asyncio.timeout(_CHECK_SECONDS):
                if not await self._has_bucket(client):
                    raise unavailable("its bucket does not exist")

    async def ensure_bucket(self) -> None:
        """Makes the bucket if it is absent. Raises Unavailable when that is not allowed."""
        client = await self._clients.inside()
        with answering():
            if not await self._has_bucket(client):
                await self._create_bucket(client)

    def _place(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": checked_key(key)}

    async def _was_written_by(self, client: Any, place: dict[str, str], mark: str) -> bool:
        try:
            head = await client.head_object(**place)
        except client_error() as error:
            if status_of(error) == 404:  # somebody's object, deleted in the meantime
                return False
            raise
        return head.get("Metadata", {}).get(_WRITER) == mark

    async def _delete_batch(self, keys: Sequence[str]) -> None:
        client = await self._clients.inside()
        with answering():
            answer = await client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        if errors := answer.get("Errors"):
            raise unavailable(f"it did not delete {len(errors)} objects ({errors[0].get('Code', 'no reason given')})")

    async def _has_bucket(self, client: Any) -> bool:
        try:
            await client.head_bucket(Bucket=self._bucket)
        except client_error() as error:
            if status_of(error) == 404:
                return False
            raise
        return True

    async def _create_bucket(self, client: Any) -> None:
        """AWS wants the region said outside its first one; other servers refuse a region that they do not know."""
        try:
            await client.create_bucket(Bucket=self._bucket)
        except client_error() as error:
            if code_of(error) == "IllegalLocationConstraintException":
                region = {"LocationConstraint": self._region}
                await client.create_bucket(Bucket=self._bucket, CreateBucketConfiguration=region)
            elif code_of(error) != "BucketAlreadyOwnedByYou":
                raise


@contextmanager
def _finding(key: str) -> Generator[None]:
    try:
        yield
    except client_error() as error:
        if code_of(error) == "NoSuchKey" or (status_of(error) == 404 and code_of(error) != "NoSuchBucket"):
            raise ObjectNotFound(key=key) from None
        raise
