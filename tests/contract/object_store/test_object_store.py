"""What every object store does, whatever it is made of."""

import asyncio
import datetime as dt
import os
from pathlib import Path

import pytest
from tests.contract.object_store.harness import Harness

from touchstone.adapters.object_store import ObjectNotFound, ObjectStore
from touchstone.errors import Invalid

AWKWARD = "datasets/1/ü ß & +%41 日本.csv/dataset.csv"


async def keys(store: ObjectStore, prefix: str) -> list[str]:
    return [found.key async for found in store.list(prefix)]


async def whole(store: ObjectStore, key: str, start: int = 0) -> bytes:
    return b"".join([chunk async for chunk in store.stream(key, start=start)])


async def test_what_was_put_is_read_back(store: ObjectStore) -> None:
    await store.put("a/b.txt", b"hello")
    assert await store.get("a/b.txt") == b"hello"
    assert await whole(store, "a/b.txt") == b"hello"


async def test_put_replaces_what_was_there(store: ObjectStore) -> None:
    await store.put("a", b"a long first body")
    await store.put("a", b"short")
    assert await store.get("a") == b"short"


async def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    await store.put("empty", b"")
    assert await store.get("empty") == b""
    assert await whole(store, "empty") == b""
    found = await store.find("empty")
    assert found is not None
    assert found.size == 0


async def test_a_key_may_hold_spaces_signs_and_any_letters(store: ObjectStore) -> None:
    await store.put(AWKWARD, b"x", content_type="text/csv")
    assert await store.get(AWKWARD) == b"x"
    assert await keys(store, "datasets/1/") == [AWKWARD]


async def test_a_file_is_put_whole(store: ObjectStore, tmp_path: Path) -> None:
    body = os.urandom(1 << 20) * 11
    (tmp_path / "big").write_bytes(body)
    await store.put_file("big.bin", tmp_path / "big")
    assert await whole(store, "big.bin") == body
    found = await store.find("big.bin")
    assert found is not None
    assert found.size == len(body)


async def test_an_empty_file_is_put(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "none").touch()
    await store.put_file("none", tmp_path / "none")
    assert await store.get("none") == b""


async def test_a_missing_local_file_is_the_callers_mistake(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await store.put_file("k", tmp_path / "absent")
    assert await store.find("k") is None


async def test_get_reads_no_more_than_it_is_allowed(store: ObjectStore) -> None:
    await store.put("k", b"0123456789")
    assert await store.get("k", at_most=4) == b"0123"
    assert await store.get("k", at_most=100) == b"0123456789"


@pytest.mark.parametrize(("start", "rest"), [(0, b"0123456789"), (7, b"789"), (10, b""), (99, b"")])
async def test_stream_begins_where_it_is_told(store: ObjectStore, start: int, rest: bytes) -> None:
    await store.put("k", b"0123456789")
    assert await whole(store, "k", start) == rest


async def test_a_stream_may_be_left_in_the_middle(store: ObjectStore) -> None:
    await store.put("k", b"x" * 3_000_000)
    async for chunk in store.stream("k"):
        assert chunk
        break
    assert len(await store.get("k")) == 3_000_000


async def test_an_absent_object_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(ObjectNotFound, match="nope/at all"):
        await store.get("nope/at all")
    with pytest.raises(ObjectNotFound):
        await whole(store, "nope")
    with pytest.raises(ObjectNotFound):
        await whole(store, "nope", 5)
    with pytest.raises(ObjectNotFound):
        await store.copy("nope", "target")
    assert await store.find("nope") is None
    assert await store.find("target") is None


async def test_a_folder_is_not_an_object(store: ObjectStore) -> None:
    await store.put("a/b/c", b"x")
    assert await store.find("a/b") is None
    with pytest.raises(ObjectNotFound):
        await store.get("a/b")
    await store.delete(["a/b"])
    assert await store.get("a/b/c") == b"x"


async def test_find_tells_size_and_time(store: ObjectStore) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)
    await store.put("k", b"12345")
    found = await store.find("k")
    assert found is not None
    assert (found.key, found.size) == ("k", 5)
    assert before <= found.modified_at <= dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)


async def test_create_writes_a_free_key_only(store: ObjectStore) -> None:
    assert await store.create("a/claim", b"first")
    assert not await store.create("a/claim", b"second")
    assert await store.get("a/claim") == b"first"


async def test_of_concurrent_creators_exactly_one_wins(store: ObjectStore) -> None:
    won = await asyncio.gather(*(store.create("claims/one", str(number).encode()) for number in range(12)))
    assert won.count(True) == 1
    assert await store.get("claims/one") == str(won.index(True)).encode()


async def test_a_deleted_key_is_free_again(store: ObjectStore) -> None:
    await store.put("k", b"1")
    await store.delete(["k"])
    assert await store.create("k", b"2")


async def test_concurrent_writers_leave_one_whole_object(store: ObjectStore) -> None:
    bodies = [bytes([number]) * 100_000 for number in range(6)]
    await asyncio.gather(*(store.put("same", body) for body in bodies))
    assert await store.get("same") in bodies


async def test_a_copy_stands_on_its_own(store: ObjectStore) -> None:
    await store.put(AWKWARD, b"first")
    await store.copy(AWKWARD, "copies/ü b")
    await store.put(AWKWARD, b"changed")
    assert await store.get("copies/ü b") == b"first"
    await store.delete([AWKWARD])
    assert await store.get("copies/ü b") == b"first"


async def test_a_copy_replaces_what_was_there_and_may_be_repeated(store: ObjectStore) -> None:
    await store.put("a", b"new")
    await store.put("b", b"old and longer")
    await store.copy("a", "b")
    await store.copy("a", "b")
    assert await store.get("b") == b"new"


async def test_list_follows_the_order_of_keys_across_folders(store: ObjectStore) -> None:
    written = ["l/b", "l/a/z", "l/a.txt", "l/a/b/c", "l/é", "l/Z", "l/a-1", "other/x", "lx"]
    for key in written:
        await store.put(key, b"x")
    assert await keys(store, "l/") == ["l/Z", "l/a-1", "l/a.txt", "l/a/b/c", "l/a/z", "l/b", "l/é"]
    assert await keys(store, "") == sorted(written, key=str.encode)


async def test_a_prefix_may_end_inside_a_name(store: ObjectStore) -> None:
    for key in ["run/a-1/x", "run/a-2", "run/b", "runs"]:
        await store.put(key, b"x")
    assert await keys(store, "run/a") == ["run/a-1/x", "run/a-2"]
    assert await keys(store, "run") == ["run/a-1/x", "run/a-2", "run/b", "runs"]
    assert await keys(store, "absent/") == []
    assert await keys(store, "run/b/") == []


async def test_list_goes_on_behind_a_key(store: ObjectStore) -> None:
    every = ["a", "a.txt", "a/b", "a/c/d", "a/c0", "b/a"]
    for key in every[1:]:
        await store.put(f"behind/{key}", b"x")
    for place, key in enumerate(every[1:], 1):
        behind = [found.key async for found in store.list("behind/", after=f"behind/{key}")]
        assert behind == [f"behind/{one}" for one in every[place + 1 :]]
    between = [found.key async for found in store.list("behind/", after="behind/a/c")]
    assert between == [f"behind/{one}" for one in every[3:]]


async def test_list_goes_over_more_objects_than_fit_a_page(store: ObjectStore) -> None:
    names = [f"many/{number:04}" for number in range(1005)]
    for first in range(0, len(names), 100):
        await asyncio.gather(*(store.put(name, b"") for name in names[first : first + 100]))
    assert await keys(store, "many/") == names
    await store.delete(names)
    assert await keys(store, "many/") == []


async def test_deleting_what_is_absent_is_no_error(store: ObjectStore) -> None:
    await store.put("a/k", b"x")
    await store.delete(["a/k", "a/k", "gone", "a/k/below"])
    await store.delete([])
    assert await keys(store, "") == []


async def test_delete_prefix_takes_all_below_a_folder_and_nothing_beside_it(store: ObjectStore) -> None:
    for key in ["d/1/a", "d/1/b/c", "d/10/a", "d/1x"]:
        await store.put(key, b"x")
    await store.delete_prefix("d/1/")
    assert await keys(store, "d/") == ["d/10/a", "d/1x"]
    await store.delete_prefix("d/1/")


@pytest.mark.parametrize("prefix", ["", "d", "d/1", "/", "d//", "../"])
async def test_delete_prefix_wants_a_folder(store: ObjectStore, prefix: str) -> None:
    await store.put("d/1", b"x")
    with pytest.raises(Invalid):
        await store.delete_prefix(prefix)
    assert await store.find("d/1") is not None


@pytest.mark.parametrize(
    "key",
    [
        *("", "/", "/etc/passwd", "a/", "a//b", "..", "../x", "a/../b", "a/..", "./a", "a/./b"),
        *("a\0b", "a\nb", "\ud800", "x" * 255, "ü" * 128, "a/" * 600 + "a"),
    ],
)
async def test_a_key_that_no_store_could_keep_is_refused(store: ObjectStore, key: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for attempt in (
        lambda: store.put(key, b"x"),
        lambda: store.put_file(key, tmp_path / "file"),
        lambda: store.create(key, b"x"),
        lambda: store.get(key),
        lambda: store.find(key),
        lambda: store.copy(key, "target"),
        lambda: store.copy("source", key),
        lambda: store.delete([key]),
        lambda: store.download_url(key),
        lambda: whole(store, key),
    ):
        with pytest.raises(Invalid):
            await attempt()


@pytest.mark.parametrize("prefix", ["/", "../", "a//", "..//", "a/../", "a\0"])
async def test_a_prefix_that_leaves_the_store_is_refused(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(Invalid):
        await keys(store, prefix)


async def test_the_longest_names_are_kept(store: ObjectStore) -> None:
    key = "/".join(["ü" * 127] * 4)
    await store.put(key, b"x")
    assert await keys(store, "") == [key]


async def test_a_link_needs_no_credentials_and_saves_under_the_name_it_was_made_for(harness: Harness) -> None:
    await harness.store.put(AWKWARD, b"hello", content_type="text/csv")
    answer = await harness.fetch(await harness.store.download_url(AWKWARD, filename='bé "x".csv'))
    assert (answer.status_code, answer.content) == (200, b"hello")
    assert answer.headers["content-length"] == "5"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert "filename*=UTF-8''b%C3%A9%20%22x%22.csv" in disposition


async def test_a_link_without_a_name_saves_under_the_last_part_of_the_key(harness: Harness) -> None:
    await harness.store.put("results/1/results.json", b"{}", content_type="application/json")
    answer = await harness.fetch(await harness.store.download_url("results/1/results.json"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert 'filename="results.json"' in answer.headers["content-disposition"]


async def test_a_link_gives_a_piece(harness: Harness) -> None:
    await harness.store.put("k.bin", b"0123456789")
    url = await harness.store.download_url("k.bin")
    piece = await harness.fetch(url, headers={"Range": "bytes=2-5"})
    assert (piece.status_code, piece.content) == (206, b"2345")
    assert piece.headers["content-range"] == "bytes 2-5/10"
    assert (await harness.fetch(url, headers={"Range": "bytes=10-"})).status_code == 416


async def test_a_link_is_made_without_looking_and_then_leads_nowhere(harness: Harness) -> None:
    answer = await harness.fetch(await harness.store.download_url("absent"))
    assert answer.status_code in (403, 404)  # S3 tells an outsider no more than that; moto takes the signer for one


def test_uri_names_an_object_or_a_folder(harness: Harness) -> None:
    uri = harness.store.uri("datasets/1/a.csv")
    assert uri.startswith(f"{harness.scheme}://")
    assert uri.endswith("datasets/1/a.csv")
    assert harness.store.uri("datasets/1/").endswith("datasets/1/")
    for bad in ("../x", "a//", "/"):
        with pytest.raises(Invalid):
            harness.store.uri(bad)


async def test_check_passes_while_the_store_answers(store: ObjectStore) -> None:
    await store.check()
