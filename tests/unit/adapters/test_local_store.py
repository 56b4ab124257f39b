import asyncio
import os
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from touchstone.adapters.local_store import FolderInTheWay, LocalStore
from touchstone.adapters.object_keys import KeyRefused
from touchstone.errors import Unavailable
from touchstone_jobs import storage


async def test_uri_is_a_percent_encoded_file_path(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "a b")
    await store.put("ü ?.csv", b"x")
    uri = store.uri("ü ?.csv")
    assert uri.startswith("file:///")
    assert " " not in uri
    assert "?" not in uri
    assert Path(urllib.request.url2pathname(urllib.parse.urlsplit(uri).path)).read_bytes() == b"x"


async def test_deleting_the_last_object_prunes_its_folders(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    await store.put("a/b/c", b"x")
    await store.put("a/d", b"x")
    await store.delete(["a/b/c"])
    assert not (tmp_path / "a/b").exists()
    await store.delete_prefix("a/")
    assert not (tmp_path / "a").exists()
    assert tmp_path.is_dir()


async def test_writing_into_a_folder_that_is_being_pruned_succeeds(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)

    async def write(number: int) -> None:
        for _ in range(20):
            await store.put(f"a/b/{number}", b"x")
            await store.delete([f"a/b/{number}"])

    await asyncio.gather(*(write(number) for number in range(4)))


async def test_a_name_cannot_be_an_object_and_a_folder(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    await store.put("k", b"x")
    await store.put("f/x", b"x")
    for write in (store.put("k/below", b"y"), store.put("f", b"y"), store.create("k/below/deep", b"y")):
        with pytest.raises(FolderInTheWay):
            await write
    with pytest.raises(FolderInTheWay):
        await store.create("f", b"y")
    with pytest.raises(FolderInTheWay):
        await store.copy("k", "f")
    assert await store.get("k") == b"x"


async def test_no_unfinished_file_is_left_or_listed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    await store.put("k", b"x")
    assert not await store.create("k", b"x")
    await store.copy("k", "l")
    await store.copy("k", "l")
    with pytest.raises(FolderInTheWay):
        await store.put("k/below", b"y")
    (tmp_path / ".incoming/half").write_bytes(b"half")
    assert [found.key async for found in store.list("")] == ["k", "l"]
    assert os.listdir(tmp_path / ".incoming") == ["half"]
    with pytest.raises(KeyRefused):
        await store.get(".incoming/half")


async def test_what_cluster_code_has_not_finished_writing_is_no_object(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    await store.put("jobs/1/outcome.json", b"{}")
    (tmp_path / "jobs/1/tmp123.unfinished").write_bytes(b"{")
    assert [found.key async for found in store.list("jobs/")] == ["jobs/1/outcome.json"]
    with pytest.raises(KeyRefused):
        await store.get("jobs/1/tmp123.unfinished")
    await store.delete_prefix("jobs/")
    assert not (tmp_path / "jobs").exists()


async def test_cluster_code_and_the_service_read_each_others_objects(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "a b")
    key = "jobs/ü %41?/x#1.json"
    storage.put(store.uri(key), b"from the cluster")
    assert await store.get(key) == b"from the cluster"
    await store.put(key, b"from the service")
    assert storage.get(store.uri(key)) == b"from the service"
    assert list(storage.list_objects(store.uri("jobs/"))) == [store.uri(key)]


async def test_what_a_killed_process_left_is_removed_a_day_later(tmp_path: Path) -> None:
    LocalStore(tmp_path)
    for name, age in (("old", 90_000), ("fresh", 10)):
        (tmp_path / ".incoming" / name).write_bytes(b"half")
        os.utime(tmp_path / ".incoming" / name, times=(time.time() - age,) * 2)
    LocalStore(tmp_path)
    assert os.listdir(tmp_path / ".incoming") == ["fresh"]


async def test_a_lost_directory_is_unavailable_and_its_path_is_not_told(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "objects")
    (tmp_path / "objects/.incoming").rmdir()
    with pytest.raises(Unavailable, match="object store: No such file") as caught:
        await store.check()
    assert str(tmp_path) not in str(caught.value)


async def test_without_an_address_there_are_no_links(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no address"):
        await LocalStore(tmp_path).download_url("k")
