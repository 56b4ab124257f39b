from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from touchstone.adapters.issue_tracker import NotThere, RateLimited
from touchstone.adapters.snap_store import SnapRelease, SnapStore
from touchstone.errors import Unavailable

URL = "https://api.snapcraft.io/v2/snaps/info/core22"


def entry(architecture: str, track: str, risk: str, version: str, revision: int) -> dict[str, Any]:
    return {
        "channel": {
            "architecture": architecture,
            "name": risk if track == "latest" else f"{track}/{risk}",
            "released-at": "2026-09-01T12:00:00.000000+00:00",
            "risk": risk,
            "track": track,
        },
        "created-at": "2026-08-30T12:00:00.000000+00:00",
        "download": {"deltas": [], "sha3-384": "ab", "size": 1, "url": "https://api.snapcraft.io/x.snap"},
        "revision": revision,
        "type": "base",
        "version": version,
    }


@pytest.fixture
def router() -> AsyncIterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
async def store() -> AsyncIterator[SnapStore]:
    made = SnapStore()
    yield made
    await made.close()


async def test_the_releases_of_a_snap_are_read_from_its_channel_map(store: SnapStore, router: respx.MockRouter) -> None:
    listed = [entry("amd64", "latest", "stable", "16.1", 100), entry("arm64", "22", "beta", "16.2", 101)]
    route = router.get(URL).respond(json={"channel-map": listed, "name": "core22", "snap-id": "x", "snap": {}})
    assert await store.releases("core22", "ubuntu") == [
        SnapRelease("latest", "stable", "amd64", "16.1", 100),
        SnapRelease("22", "beta", "arm64", "16.2", 101),
    ]
    headers = route.calls.last.request.headers
    assert (headers["snap-device-series"], headers["snap-device-store"]) == ("16", "ubuntu")


async def test_a_snap_that_the_store_has_not_is_told_from_trouble(store: SnapStore, router: respx.MockRouter) -> None:
    router.get(URL).respond(404, json={"error-list": [{"code": "resource-not-found", "message": "No snap"}]})
    with pytest.raises(NotThere):
        await store.releases("core22", "ubuntu")


@pytest.mark.parametrize(
    ("name", "store_name"), [("../x", "ubuntu"), ("core22", ""), ("core22", "a\r\nb: c"), ("a?b", "x"), ("", "ubuntu")]
)
async def test_a_name_that_no_snap_has_is_not_asked_for(
    store: SnapStore, router: respx.MockRouter, name: str, store_name: str
) -> None:
    with pytest.raises(NotThere):
        await store.releases(name, store_name)
    assert not router.calls


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(429, headers={"retry-after": "5"}), RateLimited),
        (httpx.Response(500), Unavailable),
        (httpx.Response(200, text="{}"), Unavailable),
        (httpx.Response(200, text="<html>"), Unavailable),
        (httpx.Response(200, content=b" " * 20_000_001), Unavailable),
        (httpx.ReadTimeout("slow"), Unavailable),
    ],
)
async def test_trouble_is_told(
    store: SnapStore, router: respx.MockRouter, answer: httpx.Response | Exception, kind: type[Exception]
) -> None:
    router.get(URL).mock(side_effect=[answer])
    with pytest.raises(kind):
        await store.releases("core22", "ubuntu")
