"""What only a server that looks at signatures can show: collected where Ceph is installed."""

import asyncio
import time

import httpx
import pytest
from tests.contract.object_store.ceph import S3Server
from tests.contract.object_store.harness import s3_store

from touchstone.adapters.s3_store import S3Store
from touchstone.errors import Unavailable


async def test_a_forged_or_unsigned_link_is_refused(ceph_server: S3Server) -> None:
    async with s3_store(ceph_server) as store, httpx.AsyncClient(trust_env=False) as client:
        await store.put("k", b"secret")
        url = await store.download_url("k")
        for link in (url.split("?")[0], url[:-1] + ("0" if url[-1] != "0" else "1"), url.replace("/k?", "/l?")):
            assert (await client.get(link)).status_code == 403


async def test_an_expired_link_is_refused(ceph_server: S3Server) -> None:
    async with s3_store(ceph_server, url_expiry_seconds=1) as store, httpx.AsyncClient(trust_env=False) as client:
        await store.put("k", b"secret")
        url = await store.download_url("k")
        deadline = time.monotonic() + 20
        while (answer := await client.get(url)).status_code == 200 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert answer.status_code == 403


async def test_wrong_credentials_are_named_and_not_shown(ceph_server: S3Server) -> None:
    async with s3_store(ceph_server) as store:
        await store.put("k", b"x")
        bucket = store.uri("k").split("/")[2]
    wrong = S3Store(
        bucket,
        endpoint_url=ceph_server.endpoint_url,
        region=ceph_server.region,
        access_key_id=ceph_server.access_key_id,
        secret_access_key="a-wrong-secret",
    )
    async with wrong:
        for attempt in (wrong.get("k"), wrong.put("k", b""), wrong.delete(["k"]), wrong.check()):
            with pytest.raises(Unavailable, match="s3: it refuses our credentials") as caught:
                await attempt
            assert "a-wrong-secret" not in repr(caught.value.__dict__) + str(caught.value)
            assert caught.value.__cause__ is None
