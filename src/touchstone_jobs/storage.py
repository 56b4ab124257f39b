"""Reads and writes the object store by URI: `s3://bucket/key` as it is, `file:///folder/key` percent-encoded.

S3 takes its endpoint, region and keys from the usual AWS_* variables (AWS_ENDPOINT_URL_S3 among them).
An object that is not there is `ObjectMissing`; a store that does not answer raises what its library raises, after
bounded retries.
"""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote, unquote, urlsplit


class ObjectMissing(Exception):
    """There is no such object."""

    def __init__(self, uri: str) -> None:
        super().__init__(f"There is no object {uri}")


def get(uri: str) -> bytes:
    """The whole object. Raises ObjectMissing."""
    return _store(uri).get(uri)


def get_file(uri: str, path: Path) -> None:
    """Copies the object to a local file, in constant memory. Raises ObjectMissing."""
    _store(uri).get_file(uri, path)


def put(uri: str, body: bytes) -> None:
    """Writes the whole object or nothing; replaces what was there."""
    _store(uri).put(uri, body)


def put_file(uri: str, path: Path) -> None:
    """As `put`, from a local file, in constant memory."""
    _store(uri).put_file(uri, path)


def list_objects(prefix: str) -> Iterator[str]:
    """The URIs that start with the prefix, in order."""
    return _store(prefix).list_objects(prefix)


def exists(uri: str) -> bool:
    return _store(uri).exists(uri)


class _Store(Protocol):
    def get(self, uri: str) -> bytes: ...
    def get_file(self, uri: str, path: Path) -> None: ...
    def put(self, uri: str, body: bytes) -> None: ...
    def put_file(self, uri: str, path: Path) -> None: ...
    def list_objects(self, prefix: str) -> Iterator[str]: ...
    def exists(self, uri: str) -> bool: ...


def _store(uri: str) -> _Store:
    scheme = uri.partition("://")[0]
    if scheme == "file":
        return _Folder()
    if scheme == "s3":
        return _bucket_store()
    raise ValueError(f"storage is reached by s3:// or file://, not by {scheme or 'an empty URI'}")


class _Folder:
    def get(self, uri: str) -> bytes:
        with _missing_as(FileNotFoundError, uri):
            return _path(uri).read_bytes()

    def get_file(self, uri: str, path: Path) -> None:
        with _missing_as(FileNotFoundError, uri):
            shutil.copyfile(_path(uri), path)

    def put(self, uri: str, body: bytes) -> None:
        with _whole_file(_path(uri)) as file:
            file.write(body)

    def put_file(self, uri: str, path: Path) -> None:
        with _whole_file(_path(uri)) as file, path.open("rb") as source:
            shutil.copyfileobj(source, file, 1024 * 1024)

    def list_objects(self, prefix: str) -> Iterator[str]:
        wanted = str(_path(prefix)) + ("/" if prefix.endswith("/") else "")
        folder = Path(wanted) if prefix.endswith("/") else Path(wanted).parent
        paths = (str(path) for path in folder.rglob("*") if path.is_file() and not path.name.endswith(_UNFINISHED))
        return (f"file://{quote(path)}" for path in sorted(paths) if path.startswith(wanted))

    def exists(self, uri: str) -> bool:
        return _path(uri).is_file()


_UNFINISHED = ".unfinished"


def _path(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


@contextmanager
def _whole_file(path: Path) -> Generator[IO[bytes]]:
    """A file that appears under its name only when it is complete and on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=_UNFINISHED, delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def _missing_as(error: type[Exception], uri: str) -> Generator[None]:
    try:
        yield
    except error:
        raise ObjectMissing(uri) from None


class _Buckets:
    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, uri: str) -> bytes:
        with self._missing(uri):
            return self._client.get_object(**_place(uri))["Body"].read()

    def get_file(self, uri: str, path: Path) -> None:
        with self._missing(uri):
            self._client.download_file(*_place(uri).values(), str(path))

    def put(self, uri: str, body: bytes) -> None:
        self._client.put_object(**_place(uri), Body=body)

    def put_file(self, uri: str, path: Path) -> None:
        self._client.upload_file(str(path), *_place(uri).values())

    def list_objects(self, prefix: str) -> Iterator[str]:
        bucket, key = _place(prefix).values()
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
            for item in page.get("Contents", []):
                yield f"s3://{bucket}/{item['Key']}"

    def exists(self, uri: str) -> bool:
        try:
            with self._missing(uri):
                self._client.head_object(**_place(uri))
        except ObjectMissing:
            return False
        return True

    @contextmanager
    def _missing(self, uri: str) -> Generator[None]:
        try:
            yield
        except self._client.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound"):
                raise ObjectMissing(uri) from None
            raise


def _place(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


@cache
def _bucket_store() -> _Buckets:
    settings = import_module("botocore.config").Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"max_attempts": 6, "mode": "standard"},
        s3={"addressing_style": "path"},
        # some S3 servers refuse the checksums that newer clients add unasked
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return _Buckets(import_module("boto3").client("s3", config=settings))
