"""What the suite needs of a store beside its protocol: a way to follow the links that it hands out."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from litestar import Litestar, Request, Response
from litestar.di import Provide
from tests.contract.object_store.ceph import S3Server

from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.s3_store import S3Store
from touchstone.adapters.signed_urls import SignedUrls
from touchstone.errors import Failure, Forbidden, NotFound
from touchstone.http.downloads import download_object

Fetch = Callable[..., Awaitable[httpx.Response]]


@dataclass
class Harness:
    """`fetch(url, headers={})` is a GET as somebody without credentials does it; `scheme` is that of `uri`."""

    store: ObjectStore
    fetch: Fetch
    scheme: str


def answer_failure(_: Request[Any, Any, Any], failure: Failure) -> Response[dict[str, str]]:
    status = {NotFound: 404, Forbidden: 403}
    found = next((code for kind, code in status.items() if isinstance(failure, kind)), 422)
    return Response({"detail": str(failure)}, status_code=found)


def downloads_app(store: ObjectStore, urls: SignedUrls) -> Litestar:
    return Litestar(
        [download_object],
        dependencies={
            "object_store": Provide(lambda: store, sync_to_thread=False),
            "signed_urls": Provide(lambda: urls, sync_to_thread=False),
        },
        exception_handlers={Failure: answer_failure},
    )


@asynccontextmanager
async def served(store: ObjectStore, urls: SignedUrls, scheme: str) -> AsyncIterator[Harness]:
    # not Litestar's test client, which decodes a path twice (seen in 2.25): `%2541` would arrive as `A`
    transport = httpx.ASGITransport(downloads_app(store, urls))
    async with httpx.AsyncClient(transport=transport) as client:
        yield Harness(store, client.get, scheme)


@asynccontextmanager
async def s3_store(server: S3Server, **changes: Any) -> AsyncIterator[S3Store]:
    """On a bucket of its own."""
    options = {
        "bucket": f"contract-{uuid.uuid4().hex}",
        "endpoint_url": server.endpoint_url,
        "region": server.region,
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
    }
    async with S3Store(**(options | changes)) as store:
        await store.ensure_bucket()
        yield store
