"""Objects between a store and a folder, where each lies under the SHA-256 of its bytes: equal ones lie there once."""

import asyncio
import hashlib
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import msgspec

from touchstone.adapters.attachments import content_type_of
from touchstone.adapters.object_store import ObjectNotFound, ObjectStore, StoredObject
from touchstone.backups.manifest import (
    OBJECT_FOLDER,
    OBJECT_INDEX,
    BackupDamaged,
    ObjectsCopy,
    describe,
    digest_of,
)
from touchstone.errors import Conflict, Failure

AT_ONCE = 8

Seen = Callable[[int], None]
"""Is told how many objects more are done."""


class StoreNotEmpty(Conflict):
    """The object store holds objects already ({key} is one); name an empty one, or write over it with --force."""


class ObjectNotStored(Failure):
    """The object store does not hold {key} as it was just written."""


class IndexLine(msgspec.Struct, frozen=True):
    """`size` in bytes."""

    key: str
    size: int
    sha256: str


async def copy_out(store: ObjectStore, folder: Path, seen: Seen) -> ObjectsCopy:
    """Everything in the store, in key order; what is written meanwhile may be there or not."""
    (folder / OBJECT_FOLDER).mkdir()
    count = size = vanished = 0
    with _written(folder / OBJECT_INDEX) as index:
        async for batch in _batches(store.list("")):
            lines = await asyncio.gather(*(_copy_one_out(store, folder, found.key) for found in batch))
            kept = [line for line in lines if line is not None]
            index.writelines(msgspec.json.encode(line) + b"\n" for line in kept)
            count += len(kept)
            size += sum(line.size for line in kept)
            vanished += len(lines) - len(kept)
            seen(len(batch))
    return ObjectsCopy(index=describe(folder, OBJECT_INDEX), count=count, bytes=size, vanished=vanished)


async def copy_in(store: ObjectStore, folder: Path, seen: Seen) -> None:
    """Raises BackupDamaged at the first object that is not what was copied, ObjectNotStored."""
    lines = _lines(folder / OBJECT_INDEX)
    while batch := list(itertools.islice(lines, AT_ONCE)):
        await asyncio.gather(*(_copy_one_in(store, folder, line) for line in batch))
        seen(len(batch))


async def require_empty(store: ObjectStore) -> None:
    """Raises StoreNotEmpty."""
    async for found in store.list(""):
        raise StoreNotEmpty(key=found.key)


async def _copy_one_out(store: ObjectStore, folder: Path, key: str) -> IndexLine | None:
    """None when it is gone meanwhile."""
    draft = folder / OBJECT_FOLDER / f"{uuid4().hex}.new"
    digest, size = hashlib.sha256(), 0
    try:
        with _written(draft) as file:
            async for chunk in store.stream(key):
                digest.update(chunk)
                size += len(chunk)
                await asyncio.to_thread(file.write, chunk)
    except ObjectNotFound:
        draft.unlink()
        return None
    place = _place(folder, digest.hexdigest())
    place.parent.mkdir(exist_ok=True)
    draft.replace(place)
    return IndexLine(key=key, size=size, sha256=digest.hexdigest())


async def _copy_one_in(store: ObjectStore, folder: Path, line: IndexLine) -> None:
    place = _place(folder, line.sha256)
    if not place.is_file() or await asyncio.to_thread(digest_of, place) != line.sha256:
        raise BackupDamaged(file=place.relative_to(folder))
    await store.put_file(line.key, place, content_type=content_type_of(line.key))
    found = await store.find(line.key)
    if found is None or found.size != line.size:
        raise ObjectNotStored(key=line.key)


async def _batches(found: AsyncIterator[StoredObject]) -> AsyncGenerator[list[StoredObject]]:
    batch: list[StoredObject] = []
    async for one in found:
        batch.append(one)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _lines(index: Path) -> Iterator[IndexLine]:
    with index.open("rb") as file:
        for line in file:
            yield msgspec.json.decode(line, type=IndexLine)


def _place(folder: Path, sha256: str) -> Path:
    return folder / OBJECT_FOLDER / sha256[:2] / sha256


def _written(path: Path) -> BinaryIO:
    return path.open("xb")
