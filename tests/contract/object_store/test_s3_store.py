"""What S3 adds to the contract: buckets, and a network that fails."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.contract.object_store.ceph import S3Server
from tests.contract.object_store.harness import s3_store
from tests.fakes.fault_proxy import FaultProxy

from touchstone.adapters import s3_store as implementation
from touchstone.adapters.object_store import ObjectNotFound
from touchstone.adapters.s3_store import S3Store
from touchstone.errors import Unavailable


@pytest.fixture
async def proxy(s3_server: S3Server) -> AsyncIterator[FaultProxy]:
    split = urlsplit(s3_server.endpoint_url)
    async with FaultProxy(split.hostname or "", split.port or 0) as proxy:
        yield proxy


@pytest.fixture
async def store(s3_server: S3Server, proxy: FaultProxy) -> AsyncIterator[S3Store]:
    async with s3_store(s3_server, endpoint_url=proxy.url) as store:
        yield store


async def test_a_store_that_does_not_listen_is_unavailable(store: S3Store, proxy: FaultProxy, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    proxy.refuse()
    async with asyncio.timeout(60):
        with pytest.raises(Unavailable, match="s3: there is no connection to it") as caught:
            await store.put_file("k", tmp_path / "file")
    assert str(proxy.port) not in str(caught.value)
    await proxy.heal()
    await store.put_file("k", tmp_path / "file")
    assert await store.get("k") == b"x"


async def test_a_store_that_keeps_silent_is_unavailable(
    store: S3Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(implementation, "_CHECK_SECONDS", 0.2)
    proxy.blackhole()
    with pytest.raises(Unavailable, match="s3: it does not answer in time"):
        await store.check()
    await proxy.heal()
    monkeypatch.undo()
    await store.check()


async def test_a_download_that_breaks_off_is_unavailable_and_not_a_short_object(
    store: S3Store, proxy: FaultProxy
) -> None:
    await store.put("k", os.urandom(3_000_000))
    proxy.cut_answers_after(1_000_000)
    with pytest.raises(Unavailable, match="s3: the connection to it broke"):
        await store.get("k")
    await proxy.heal()
    assert len(await store.get("k")) == 3_000_000


async def test_a_broken_connection_is_tried_again(store: S3Store, proxy: FaultProxy) -> None:
    await store.put("k", b"x")
    proxy.cut()
    assert await store.get("k") == b"x"


async def test_a_creator_whose_answer_got_lost_still_learns_that_it_won(store: S3Store, proxy: FaultProxy) -> None:
    await store.check()
    proxy.lose_answers(1)
    assert await store.create("claim", b"mine")
    assert not await store.create("claim", b"another")
    assert await store.get("claim") == b"mine"


async def test_a_missing_bucket_is_not_taken_for_a_missing_object(s3_server: S3Server) -> None:
    lost = S3Store(
        "no-such-bucket-here",
        endpoint_url=s3_server.endpoint_url,
        region=s3_server.region,
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
    )
    async with lost:
        for attempt in (lost.check(), lost.get("k"), lost.put("k", b""), lost.copy("k", "l")):
            with pytest.raises(Unavailable, match="s3: its bucket does not exist"):
                await attempt


async def test_the_bucket_is_made_once(store: S3Store) -> None:
    await store.put("k", b"x")
    await store.ensure_bucket()
    assert await store.get("k") == b"x"


async def test_a_bucket_is_made_in_another_region(moto_server: S3Server) -> None:
    async with s3_store(moto_server, region="eu-west-1") as store:
        await store.check()


async def test_links_name_the_public_address(s3_server: S3Server, proxy: FaultProxy) -> None:
    async with s3_store(s3_server, public_endpoint_url=proxy.url) as store:
        await store.put("k", b"x")
        url = await store.download_url("k")
        assert url.startswith(proxy.url)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(url)).content == b"x"


async def test_a_closed_store_opens_again(store: S3Store) -> None:
    await store.put("k", b"x")
    await store.close()
    assert await store.get("k") == b"x"


async def test_a_large_file_goes_up_in_parts_through_a_connection_that_breaks(
    store: S3Store, proxy: FaultProxy, tmp_path: Path
) -> None:
    body = os.urandom(1 << 20) * 20
    (tmp_path / "big").write_bytes(body)
    await store.check()
    proxy.lose_answers(1)
    await store.put_file("big", tmp_path / "big", content_type="text/csv")
    found = await store.find("big")
    assert found is not None
    assert found.size == len(body)


async def test_a_copy_of_what_is_absent_names_the_source(store: S3Store) -> None:
    with pytest.raises(ObjectNotFound, match="absent"):
        await store.copy("absent", "target")
