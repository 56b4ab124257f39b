"""What SAML and OpenID Connect have in common: refusals, and documents that a provider publishes."""

import asyncio
import importlib.util
import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import httpx
import structlog

from touchstone.adapters.circuit_breaker import CircuitBreaker
from touchstone.errors import Conflict, Forbidden, Unavailable

log: Any = structlog.get_logger("touchstone.sign_on")

T = TypeVar("T")
FETCH_SECONDS = 10.0
MOST_BYTES = 10_000_000
FRESH_SECONDS = 3600.0
STALE_SECONDS = 86400.0
RENEWED_AGAIN_SECONDS = 60.0


class AuthenticationFailed(Forbidden):
    """Authentication failed"""

    # the fact `reason` is for the log and the audit trail: what exactly failed is no business of who tries


class LogoutFailed(Forbidden):
    """Logout failed"""


class ExtraMissing(Conflict):
    """{protocol} needs packages that are not installed: pip install touchstone[{extra}]"""


def require_packages(protocol: str, extra: str, *modules: str) -> None:
    """Raises ExtraMissing at the start rather than at the first sign-on."""
    if any(importlib.util.find_spec(module) is None for module in modules):
        raise ExtraMissing(protocol=protocol, extra=extra)


class ProviderDocument(Generic[T]):
    """Read once an hour; while the provider is away the old one serves for a day. One reads at a time.

    `source` raises Unavailable, `parse` ValueError. `clock` counts seconds and never goes back.
    """

    def __init__(
        self,
        name: str,
        source: Callable[[], Awaitable[bytes]],
        parse: Callable[[bytes], T],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._source, self._parse, self._clock = name, source, parse, clock
        self._breaker = CircuitBreaker(clock=clock)
        self._lock = asyncio.Lock()
        self._content: T | None = None
        self._read_at = 0.0
        self._renewed_at: float | None = None

    async def current(self) -> T:
        """Raises Unavailable."""
        if self._content is not None and self._age() < FRESH_SECONDS:
            return self._content
        async with self._lock:
            if self._content is None or self._age() >= FRESH_SECONDS:
                await self._read()
            return self._known()

    async def renewed(self) -> T:
        """For who misses something in the current one; read at most once a minute, whoever asks. Raises Unavailable."""
        async with self._lock:
            now = self._clock()
            if self._renewed_at is None or now - self._renewed_at >= RENEWED_AGAIN_SECONDS:
                self._renewed_at = now
                await self._read()
            return self._known()

    async def _read(self) -> None:
        if not self._breaker.allows_a_call():
            return
        try:
            self._content = self._parse(await self._source())
        except Unavailable as failure:
            self._breaker.failed(str(failure.facts.get("reason", "")))
        except ValueError as error:
            self._breaker.failed(f"its {self._name} cannot be used")
            log.warning("an identity provider's document is unusable", document=self._name, error=str(error)[:300])
        else:
            self._breaker.answered()
            self._read_at = self._clock()

    def _known(self) -> T:
        if self._content is None or self._age() >= STALE_SECONDS:
            raise Unavailable(system="the identity provider", reason=self._breaker.last_reason or "no answer")
        return self._content

    def _age(self) -> float:
        return self._clock() - self._read_at


async def fetched(url: str, *, token: str | None = None) -> bytes:
    """What an identity provider answers to a GET. Raises Unavailable."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    status, content = await _asked(httpx.Request("GET", url, headers=headers))
    if status >= 400:
        raise _away(f"status {status}")
    return content


async def posted(url: str, headers: dict[str, str], form: str) -> tuple[int, bytes]:
    """Status and body of the answer to a form. Raises Unavailable."""
    status, content = await _asked(httpx.Request("POST", url, headers=headers, content=form))
    if status >= 500:
        raise _away(f"status {status}")
    return status, content


async def _asked(request: httpx.Request) -> tuple[int, bytes]:
    try:
        # the time-out of httpx is one of each read, this one of all together
        async with asyncio.timeout(FETCH_SECONDS), httpx.AsyncClient(timeout=FETCH_SECONDS) as client:
            answer = await client.send(request, stream=True, follow_redirects=request.method == "GET")
            try:
                return answer.status_code, await _bounded(answer)
            finally:
                await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise _away(type(error).__name__) from error


async def _bounded(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > MOST_BYTES:
            raise _away("its answer is too large")
    return bytes(content)


def _away(reason: str) -> Unavailable:
    return Unavailable(system="the identity provider", reason=reason)
