"""The one connection pool to S3, opened when first used: importing and preparing the client takes most of a second,
which a process that keeps its objects elsewhere should not pay."""

import asyncio
import importlib
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from touchstone.adapters.s3_failures import answering, unavailable

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 20
ATTEMPTS = 3
CONNECTIONS = 32
# the library waits without end for a store that takes no more of a body; slower than that is as good as not at all
SEND_SECONDS = 30.0
SLOWEST_BYTES_PER_SECOND = 256 * 1024


def time_to_send(size: int) -> asyncio.Timeout:
    """Raises TimeoutError in the block when so many bytes, retries included, take too long."""
    return asyncio.timeout(SEND_SECONDS + size / SLOWEST_BYTES_PER_SECOND)


class S3Account(msgspec.Struct, frozen=True):
    """Without an endpoint it is AWS; without keys they are found where AWS's own tools look for them.

    `public_endpoint_url` is what download links name, where browsers reach the store under another address.
    """

    region: str
    endpoint_url: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    public_endpoint_url: str | None = None

    def __repr__(self) -> str:
        return f"S3Account({self.endpoint_url or 'AWS'}, {self.region})"


class S3Clients:
    """Two clients at most: one that talks to the store, one that signs links for its public address."""

    def __init__(self, account: S3Account) -> None:
        self._account = account
        self._opening = asyncio.Lock()
        self._open: dict[str | None, Any] = {}
        self._stack = AsyncExitStack()

    async def inside(self) -> Any:
        return await self._client(self._account.endpoint_url)

    async def public(self) -> Any:
        return await self._client(self._account.public_endpoint_url or self._account.endpoint_url)

    async def close(self) -> None:
        async with self._opening:
            self._open.clear()
            await self._stack.aclose()

    async def _client(self, endpoint: str | None) -> Any:
        if endpoint not in self._open:
            async with self._opening:
                if endpoint not in self._open:
                    self._open[endpoint] = await self._opened(endpoint)
        return self._open[endpoint]

    async def _opened(self, endpoint: str | None) -> Any:
        library = await asyncio.to_thread(importlib.import_module, "aioboto3")
        with answering():
            session = library.Session(
                aws_access_key_id=self._account.access_key_id,
                aws_secret_access_key=self._account.secret_access_key,
                region_name=self._account.region,
            )
            try:
                client = session.client("s3", endpoint_url=endpoint, config=_configuration())
                return await self._stack.enter_async_context(client)
            except ValueError:
                raise unavailable("its address is not a valid URL") from None


def _configuration() -> Any:
    """Path style and checksums only where S3 demands them: what servers other than AWS understand."""
    return importlib.import_module("botocore.config").Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
