"""Sends messages to addresses that somebody gave us, without being made to call anything else by them."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Protocol

import certifi
import httpx
import msgspec

from touchstone.adapters.addresses import Address, Resolve, is_callable, resolve

CONNECT_SECONDS = 5.0
MOST_ADDRESSES = 4
LONGEST_ERROR = 300
LONGEST_RETRY_AFTER = 86_400


class Sent(msgspec.Struct, frozen=True):
    """What came of an attempt: `status` is what the receiver answered, else `error` says why there is no answer.

    `retry_after_seconds` is what the receiver asked for; `duration_ms` is the whole attempt.
    """

    duration_ms: int
    status: int | None = None
    error: str | None = None
    retry_after_seconds: int | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class WebhookSender(Protocol):
    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """POSTs once. Never raises; takes no longer than its time limit."""
        ...

    async def close(self) -> None: ...


class AddressRefusedError(Exception):
    """The host has no address that may be called."""


class HttpWebhookSender:
    """Follows no redirect, uses no proxy, reads no body: the status is all that counts.

    The name is resolved here and the connection goes to an address that was checked, so that a name which changes in
    between leads nowhere else; TLS still verifies the name. Connections are not kept: the next name might share the
    address.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float,
        allow_private: bool = False,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls` unset trusts what the machine trusts, and the usual authorities."""
        self.timeout_seconds = timeout_seconds
        self.allow_private = allow_private
        self.resolve = resolve
        self.tls = tls
        self._client: httpx.AsyncClient | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        self._opened()  # reading the trusted authorities takes a while, which is not the receiver's
        start = time.monotonic()
        status, error, retry_after = None, None, None
        try:
            async with asyncio.timeout(self.timeout_seconds):
                status, retry_after = await self._post(httpx.URL(url), headers, body)
        except TimeoutError:
            error = f"no answer within {self.timeout_seconds:g} seconds"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, AddressRefusedError) as failure:
            error = f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR]
        duration = round((time.monotonic() - start) * 1000)
        return Sent(duration_ms=duration, status=status, error=error, retry_after_seconds=retry_after)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> tuple[int, int | None]:
        """The next address is tried only where no connection came about."""
        failure: Exception = AddressRefusedError(f"{url.host} has no address that may be called")
        for address in await self._addresses(url):
            try:
                return await self._post_to(address, url, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, url: httpx.URL) -> list[Address]:
        host = url.raw_host.decode("ascii")
        found = await self.resolve(host.strip("[]"), url.port or (443 if url.scheme == "https" else 80))
        refused = [address for address in found if not is_callable(address, allow_private=self.allow_private)]
        if refused:  # a name that leads astray with one of its addresses is not to be trusted with the others
            raise AddressRefusedError(f"{host} leads to {refused[0]}, which may not be called")
        return found[:MOST_ADDRESSES]

    async def _post_to(
        self, address: Address, url: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, int | None]:
        request = self._opened().build_request(
            "POST",
            url.copy_with(host=str(address)),
            content=body,
            headers={**headers, "host": url.netloc.decode("ascii"), "connection": "close"},
            extensions={
                "sni_hostname": url.raw_host.decode("ascii"),
                "timeout": httpx.Timeout(self.timeout_seconds, connect=CONNECT_SECONDS).as_dict(),
            },
        )
        response = await self._opened().send(request, stream=True, follow_redirects=False)
        try:
            return response.status_code, retry_after_seconds(response.headers.get("retry-after", ""))
        finally:
            await response.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(max_keepalive_connections=0)
            tls = self.tls or _usual_trust()
            self._client = httpx.AsyncClient(verify=tls, trust_env=False, limits=limits, follow_redirects=False)
        return self._client


def _usual_trust() -> ssl.SSLContext:
    """The machine's store, or the file that SSL_CERT_FILE names, and the authorities that httpx brings."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def retry_after_seconds(header: str) -> int | None:
    """Seconds as a number; a date is left aside."""
    return min(int(header), LONGEST_RETRY_AFTER) if header.isascii() and header.isdigit() and len(header) < 9 else None
