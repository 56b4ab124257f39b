"""What the download route adds to the contract of the stores: refusals and headers."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest
from tests.contract.object_store.harness import downloads_app
from tests.fakes.object_store import MemoryStore

from touchstone.adapters.signed_urls import SignedUrls

URLS = SignedUrls("http://here.test", [b"a signing key only for tests"], expiry_seconds=60)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(URLS)


@pytest.fixture
async def client(store: MemoryStore) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(downloads_app(store, URLS))) as client:
        yield client


async def test_without_a_good_signature_nothing_is_told(store: MemoryStore, client: httpx.AsyncClient) -> None:
    await store.put("there", b"secret")
    url = URLS.sign("there")
    for link in (url.split("?")[0], url.replace("there", "other"), url + "0", url.replace("expires=", "expires=x")):
        answer = await client.get(link)
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "This download link was not signed by this service.",
        )


async def test_an_expired_link_says_so(store: MemoryStore, client: httpx.AsyncClient) -> None:
    await store.put("k", b"x")
    late = SignedUrls("http://here.test", [b"a signing key only for tests"], expiry_seconds=-1)
    answer = await client.get(late.sign("k"))
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "This download link has expired; please ask for a new one.",
    )


async def test_a_browser_neither_shows_nor_guesses_nor_keeps_it(store: MemoryStore, client: httpx.AsyncClient) -> None:
    await store.put("evil.html", b"<script>")
    headers = (await client.get(URLS.sign("evil.html"))).headers
    assert headers["content-type"].startswith("application/octet-stream")
    assert headers["content-disposition"].startswith("attachment;")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-store"
    assert headers["accept-ranges"] == "bytes"


async def test_a_file_name_cannot_break_out_of_its_header(store: MemoryStore, client: httpx.AsyncClient) -> None:
    await store.put("k", b"x")
    answer = await client.get(URLS.sign("k", 'a"; x=\r\nSet-Cookie: b\\'))
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert quote('a"; x=\r\nSet-Cookie: b\\', safe="") in answer.headers["content-disposition"]


async def test_a_resumed_download_of_a_changed_object_starts_anew(
    store: MemoryStore, client: httpx.AsyncClient
) -> None:
    await store.put("k", b"0123456789")
    url = URLS.sign("k")
    tag = (await client.get(url)).headers["etag"]
    rest = await client.get(url, headers={"Range": "bytes=8-", "If-Range": tag})
    assert (rest.status_code, rest.content) == (206, b"89")
    await store.put("k", b"changed, and longer")
    anew = await client.get(url, headers={"Range": "bytes=8-", "If-Range": tag})
    assert (anew.status_code, anew.content) == (200, b"changed, and longer")


async def test_a_range_behind_the_end_tells_the_size(store: MemoryStore, client: httpx.AsyncClient) -> None:
    await store.put("k", b"0123456789")
    answer = await client.get(URLS.sign("k"), headers={"Range": "bytes=10-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")


async def test_the_last_bytes_cross_chunks(store: MemoryStore, client: httpx.AsyncClient) -> None:
    body = bytes(range(256)) * 1024
    await store.put("k", body)
    answer = await client.get(URLS.sign("k"), headers={"Range": "bytes=-200000"})
    assert (answer.status_code, answer.content) == (206, body[-200000:])
    assert answer.headers["content-length"] == "200000"
