"""HTTPS to a service of somebody else: bounded in time, size and number of tries, and nothing of httpx gets out."""

import asyncio
import datetime as dt
import random
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import certifi
import httpx
import msgspec

from touchstone.adapters.issue_tracker import CredentialsRefused, NotAccepted, RateLimited, without_nul
from touchstone.adapters.rate_limits import refused_until, spent_until
from touchstone.errors import Unavailable

T = TypeVar("T")
Authorize = Callable[[], Awaitable[Mapping[str, str]]]
MOST_BYTES = 4 * 1024 * 1024
MOST_REDIRECTS = 5
CONNECT_SECONDS = 10.0
SECONDS_BETWEEN_TRIES = (0.3, 1.0)
GATEWAY_TROUBLE = (502, 503, 504)
LONGEST_REASON = 300
USER_AGENT = "touchstone"


class Answer(msgspec.Struct, frozen=True):
    """`headers` finds names in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_absent(self) -> bool:
        return self.status in (404, 410)

    @property
    def etag(self) -> str | None:
        return self.headers.get("etag")


class BrokenError(Exception):
    """Trying again has a chance; where nothing `was_sent` it is safe as well."""

    def __init__(self, reason: str, *, was_sent: bool = True) -> None:
        self.reason, self.was_sent = reason, was_sent
        super().__init__(reason)


async def anonymous() -> Mapping[str, str]:
    return {}


def bearer(token: str) -> Authorize:
    async def authorize() -> Mapping[str, str]:
        return {"authorization": f"Bearer {token}"}

    return authorize


class RemoteService:
    """Tells a rate limit from a refusal from trouble, and asks nothing while a limit is known to hold.

    `timeout_seconds` bounds a whole exchange. Redirects are followed on the same host only, since credentials go
    along; `leads_elsewhere` allows them to other hosts. `clock` is seconds since 1970.
    """

    def __init__(
        self,
        system: str,
        *,
        timeout_seconds: float = 30.0,
        most_bytes: int = MOST_BYTES,
        authorize: Authorize = anonymous,
        leads_elsewhere: bool = False,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.system = system
        self._timeout_seconds, self._most_bytes = timeout_seconds, most_bytes
        self._authorize, self._leads_elsewhere = authorize, leads_elsewhere
        self._clock, self._sleep = clock, sleep
        self._closed_until = 0.0
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Tried again where the connection broke or a gateway stood in.

        Raises RateLimited, CredentialsRefused, and Unavailable for all other trouble; what comes back is a success, a
        304 or a refusal below 500.
        """
        return await self._tried("GET", url, lambda _: True, headers, params=params)

    async def post(self, url: str, content: object, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Tried again only where nothing was sent. Raises as `get`."""
        return await self._tried("POST", url, lambda trouble: not trouble.was_sent, headers, json=content)

    @asynccontextmanager
    async def streamed(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_seconds: float
    ) -> AsyncGenerator[httpx.Response]:
        """The answer with its body still to be read, within the time. Raises as `get`, also from reading inside."""
        try:
            async with asyncio.timeout(timeout_seconds), self._opened("GET", url, headers or {}) as response:
                if response.status_code >= 400:
                    self._admit(Answer(response.status_code, response.headers, b""))
                yield response
        except BrokenError as trouble:
            raise self.unavailable(trouble.reason) from None
        except (TimeoutError, httpx.TimeoutException):
            raise self.unavailable("no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise self.unavailable("the connection broke") from None

    def decoded(self, answer: Answer, kind: type[T]) -> T:
        """The JSON body. Raises Unavailable: whoever answered, it was not the service."""
        if not answer.is_success:
            raise self.unavailable(f"status {answer.status}")
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except ValueError:
            raise self.unavailable("its answer is not understood") from None

    def accepted(self, answer: Answer, kind: type[T]) -> T:
        """The same for what was sent there. Raises NotAccepted with the service's own words."""
        if 400 <= answer.status < 500:
            words = " ".join(without_nul(answer.body[: 4 * LONGEST_REASON].decode(errors="replace")).split())
            raise NotAccepted(system=self.system, reason=f"status {answer.status}, {words[:LONGEST_REASON]}")
        return self.decoded(answer, kind)

    def unavailable(self, reason: str) -> Unavailable:
        return Unavailable(system=self.system, reason=reason)

    async def _tried(
        self,
        method: str,
        url: str,
        may_repeat: Callable[[BrokenError], bool],
        headers: Mapping[str, str] | None,
        **sent: Any,
    ) -> Answer:
        waits = iter(SECONDS_BETWEEN_TRIES)
        while True:
            try:
                return await self._exchanged(method, url, headers or {}, sent)
            except BrokenError as trouble:
                wait = next(waits, None) if may_repeat(trouble) else None
                if wait is None:
                    raise self.unavailable(trouble.reason) from None
                await self._sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 -- no secret is made of it

    async def _exchanged(self, method: str, url: str, headers: Mapping[str, str], sent: dict[str, Any]) -> Answer:
        self._require_open()
        given = {**headers, **await self._authorize()}
        try:
            async with asyncio.timeout(self._timeout_seconds), self._opened(method, url, given, **sent) as response:
                body = await self._bounded(response)
        except (TimeoutError, httpx.TimeoutException):
            raise self.unavailable("no answer in time") from None
        except httpx.ConnectError:
            raise BrokenError("nobody listens there", was_sent=False) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise BrokenError("the connection broke") from None
        answer = Answer(response.status_code, response.headers, body)
        self._admit(answer)
        return answer

    @asynccontextmanager
    async def _opened(
        self, method: str, url: str, headers: Mapping[str, str], **sent: Any
    ) -> AsyncGenerator[httpx.Response]:
        """After redirects, of which only those of a GET are followed."""
        self._require_open()
        for _ in range(MOST_REDIRECTS + 1):
            async with self._connected().stream(method, url, headers=headers, **sent) as response:
                if method != "GET" or not response.has_redirect_location:
                    yield response
                    return
                url, sent = str(self._next(response)), {}
        raise self.unavailable("it redirects for ever")

    def _next(self, response: httpx.Response) -> httpx.URL:
        target = response.url.join(response.headers["location"])
        here = (response.url.scheme, response.url.host, response.url.port)
        is_here = (target.scheme, target.host, target.port) == here
        if not is_here and not (self._leads_elsewhere and target.scheme == "https"):
            raise self.unavailable("it redirects to another host")
        return target

    async def _bounded(self, response: httpx.Response) -> bytes:
        content = bytearray()
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > self._most_bytes:
                raise self.unavailable("its answer is too large")
        return bytes(content)

    def _admit(self, answer: Answer) -> None:
        now = self._clock()
        until = refused_until(answer.status, answer.headers, answer.body, now)
        self._closed_until = until or spent_until(answer.headers, now) or self._closed_until
        if until is not None:
            raise self._limited(until)
        if answer.status in (401, 403, 407):
            raise CredentialsRefused(system=self.system)
        if answer.status in GATEWAY_TROUBLE:
            raise BrokenError(f"status {answer.status}")
        if answer.status >= 500:
            raise self.unavailable(f"status {answer.status}")

    def _require_open(self) -> None:
        if self._clock() < self._closed_until:
            raise self._limited(self._closed_until)

    def _limited(self, until: float) -> RateLimited:
        return RateLimited(system=self.system, until=dt.datetime.fromtimestamp(until, dt.UTC))

    def _connected(self) -> httpx.AsyncClient:
        """Opened at the first call: reading the trusted authorities takes a while, and most processes never call."""
        if self._client is None:
            timeout = httpx.Timeout(self._timeout_seconds, connect=min(self._timeout_seconds, CONNECT_SECONDS))
            limits = httpx.Limits(max_connections=10, max_keepalive_connections=5)
            headers = {"user-agent": USER_AGENT}
            self._client = httpx.AsyncClient(verify=_trusted(), timeout=timeout, limits=limits, headers=headers)
        return self._client


def _trusted() -> ssl.SSLContext:
    """The machine's store as well: trackers inside a company have authorities of their own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
