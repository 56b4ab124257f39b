"""Objects in a folder and back, whatever the store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.object_store import MemoryStore

from touchstone.adapters.object_store import ObjectNotFound
from touchstone.backups.manifest import BackupDamaged
from touchstone.backups.objects import AT_ONCE, copy_in, copy_out, require_empty

OBJECTS = {f"jobs/{number:02}/results.json": b"{}" * number for number in range(3 * AT_ONCE + 1)}
# a file system could not hold these two beside each other
ODD = {"a": b"file", "a/b": b"in a folder of its name", "ünï/code": b"file"}


def ignore(_: int) -> None:
    pass


async def filled(objects: dict[str, bytes]) -> MemoryStore:
    store = MemoryStore()
    for key, body in objects.items():
        await store.put(key, body)
    return store


async def contents(store: MemoryStore) -> dict[str, bytes]:
    return {found.key: await store.get(found.key) async for found in store.list("")}


async def test_all_objects_come_back(tmp_path: Path):
    counted = []
    everything = OBJECTS | ODD
    made = await copy_out(await filled(everything), tmp_path, counted.append)
    assert (made.count, made.vanished, sum(counted)) == (len(everything), 0, len(everything))
    assert made.bytes == sum(map(len, everything.values()))
    other = MemoryStore()
    await copy_in(other, tmp_path, ignore)
    assert await contents(other) == everything


async def test_equal_objects_lie_there_once(tmp_path: Path):
    await copy_out(await filled(ODD), tmp_path, ignore)
    assert len([path for path in (tmp_path / "objects").rglob("*") if path.is_file()]) == len(set(ODD.values()))


async def test_an_object_that_is_deleted_meanwhile_is_left_out(tmp_path: Path):
    class Vanishing(MemoryStore):
        async def stream(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
            if key == "a":
                raise ObjectNotFound(key=key)
            async for chunk in super().stream(key, start=start):
                yield chunk

    store = Vanishing()
    for key, body in ODD.items():
        await store.put(key, body)
    made = await copy_out(store, tmp_path, ignore)
    assert (made.count, made.vanished) == (2, 1)
    assert not list((tmp_path / "objects").glob("*.new"))


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"else")])
async def test_an_object_that_is_not_what_was_copied_is_refused(tmp_path: Path, damage):
    await copy_out(await filled({"a": b"one"}), tmp_path, ignore)
    (place,) = (path for path in (tmp_path / "objects").rglob("*") if path.is_file())
    damage(place)
    other = MemoryStore()
    with pytest.raises(BackupDamaged, match=place.name):
        await copy_in(other, tmp_path, ignore)
    assert await contents(other) == {}


async def test_an_empty_store_is_empty():
    await require_empty(MemoryStore())
