import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx

from touchstone.adapters.issue_tracker import NotModified, NotThere
from touchstone.adapters.package_archive import FoundPackages, PackageArchive, PackageIndex, Validators
from touchstone.adapters.package_index import PackageReader
from touchstone.errors import Unavailable

NOBLE = PackageIndex("noble", "proposed", "main", "amd64")
URL = "https://archive.ubuntu.com/ubuntu/dists/noble-proposed/main/binary-amd64/Packages.gz"
TEXT = b"""Package: linux-generic
Architecture: amd64
Version: 6.8.0-40.40
Priority: optional
Section: kernel
Description: Complete Generic Linux kernel and headers
 Package: not-a-field
Description-md5: 1f4b4e1b9e0a1d1f

Package: python3.12
Source: python3
Version: 3.12.3-1

Package: without-version

Package: linux-generic
Version: 6.8.0-41.41
"""
MARKS = {"etag": '"5f1"', "last-modified": "Mon, 21 Sep 2026 14:14:20 GMT"}


@pytest.fixture
def router() -> AsyncIterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
async def archive() -> AsyncIterator[PackageArchive]:
    made = PackageArchive(most_bytes=100_000_000)
    yield made
    await made.close()


def serve(router: respx.MockRouter, content: bytes, url: str = URL) -> respx.Route:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match") == MARKS["etag"]:
            return httpx.Response(304)
        return httpx.Response(200, content=content, headers={**MARKS, "content-type": "application/x-gzip"})

    return router.get(url).mock(side_effect=answer)


async def test_versions_are_found_by_the_names_that_were_asked_for(
    archive: PackageArchive, router: respx.MockRouter
) -> None:
    serve(router, gzip.compress(TEXT))
    found = await archive.read(NOBLE, ["linux-generic", "python3_12", "without-version", "not-a-field", "other"])
    assert found == FoundPackages(
        {"linux-generic": ("6.8.0-40.40", "6.8.0-41.41"), "python3_12": ("3.12.3-1",)},
        Validators(MARKS["etag"], MARKS["last-modified"]),
    )


async def test_an_index_that_has_not_changed_is_not_sent_again(
    archive: PackageArchive, router: respx.MockRouter
) -> None:
    route = serve(router, gzip.compress(TEXT))
    known = Validators(MARKS["etag"], MARKS["last-modified"])
    assert await archive.read(NOBLE, ["linux-generic"], known) == NotModified()
    assert route.calls.last.request.headers["if-modified-since"] == MARKS["last-modified"]


async def test_what_was_found_is_remembered_while_the_index_is_the_same(
    archive: PackageArchive, router: respx.MockRouter
) -> None:
    route = serve(router, gzip.compress(TEXT))
    first = await archive.find(NOBLE, ["linux-generic", "python3.12"])
    assert await archive.find(NOBLE, ["python3.12"]) == {"python3.12": first["python3.12"]}
    assert [call.response.status_code for call in route.calls] == [200, 304]
    assert await archive.find(NOBLE, ["python3.12", "without-version"]) == {"python3.12": ("3.12.3-1",)}
    assert route.calls.last.response.status_code == 200


@pytest.mark.parametrize("architecture", ["armhf", "arm64", "riscv64", "ppc64el", "s390x"])
async def test_each_architecture_is_looked_for_where_it_is(
    archive: PackageArchive, router: respx.MockRouter, architecture: str
) -> None:
    url = f"https://ports.ubuntu.com/ubuntu-ports/dists/noble-updates/universe/binary-{architecture}/Packages.gz"
    serve(router, gzip.compress(TEXT), url)
    found = await archive.find(PackageIndex("noble", "updates", "universe", architecture), ["python3.12"])
    assert found == {"python3.12": ("3.12.3-1",)}


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT)[:-20],
        gzip.compress(TEXT) + b"garbage",
        TEXT,
        b"",
        gzip.compress(b"Package: a\nVersion: 1\n" + b"x" * 2_000_000),
        gzip.compress(bytes(200_000_000)),
        gzip.compress(b"\n" * 200_000_000),
    ],
    ids=["cut", "followed by garbage", "not packed", "empty", "a line without end", "zeros", "a bomb"],
)
async def test_an_index_that_is_broken_is_trouble(
    archive: PackageArchive, router: respx.MockRouter, content: bytes
) -> None:
    serve(router, content)
    with pytest.raises(Unavailable, match=r"archive.ubuntu.com: its index is unreadable"):
        await archive.read(NOBLE, ["linux-generic"])


async def test_members_that_follow_each_other_are_one_index(archive: PackageArchive, router: respx.MockRouter) -> None:
    serve(router, gzip.compress(TEXT[:200]) + gzip.compress(TEXT[200:]))
    assert len(await archive.find(NOBLE, ["linux-generic", "python3.12"])) == 2


async def test_an_index_that_is_not_there_is_told_from_trouble(
    archive: PackageArchive, router: respx.MockRouter
) -> None:
    router.get(URL).respond(404)
    with pytest.raises(NotThere):
        await archive.find(NOBLE, ["a"])
    for index in (PackageIndex("..", "x", "main", "amd64"), PackageIndex("a", "b", "../..", "amd64")):
        with pytest.raises(NotThere):
            await archive.find(index, ["a"])
    assert len(router.calls) == 1


@pytest.mark.parametrize("trouble", [httpx.Response(500), httpx.ReadTimeout("slow"), httpx.ConnectError("no")])
async def test_an_archive_that_does_not_answer_is_trouble(
    archive: PackageArchive, router: respx.MockRouter, trouble: httpx.Response | Exception
) -> None:
    router.get(URL).mock(side_effect=[trouble])
    with pytest.raises(Unavailable):
        await archive.find(NOBLE, ["a"])


async def test_a_large_index_takes_no_more_memory_than_a_small_one(
    archive: PackageArchive, router: respx.MockRouter
) -> None:
    def packed() -> Iterator[bytes]:
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        for number in range(40_000):
            stanza = f"Package: package-{number}\nVersion: {number}.0\nDescription: {'many words ' * 50}\n\n"
            yield packer.compress(stanza.encode())
        yield packer.flush()

    async def arriving() -> AsyncIterator[bytes]:
        for piece in packed():
            yield piece

    router.get(URL).mock(return_value=httpx.Response(200, content=arriving()))
    tracemalloc.start()
    try:
        found = await archive.find(NOBLE, ["package-39999"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == {"package-39999": ("39999.0",)}
    assert peak < 4_000_000, "of 24 MB that arrive"


@pytest.mark.parametrize("length", [1, 2, 3, 7, 64])
def test_it_does_not_matter_where_pieces_end(length: int) -> None:
    reader = PackageReader()
    pieces = [TEXT[start : start + length] for start in range(0, len(TEXT), length)]
    found = [package for piece in pieces for package in reader.feed(piece)] + list(reader.finish())
    assert found == [("linux-generic", "6.8.0-40.40"), ("python3.12", "3.12.3-1"), ("linux-generic", "6.8.0-41.41")]
