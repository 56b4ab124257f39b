"""HTTP to Ray's dashboard: bounded in time, size and number of tries, and nothing of httpx gets out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import httpx
import msgspec

from touchstone.adapters.circuit_breaker import CircuitBreaker
from touchstone.errors import Unavailable

MAX_ANSWER_BYTES = 4 * 1024 * 1024
SECONDS_BETWEEN_TRIES = (0.1, 0.3)
CONNECT_SECONDS = 3.0
GATEWAY_TROUBLE = {502: "bad gateway", 503: "not ready", 504: "gateway time-out"}
TOKEN_TROUBLE = {401: "it asks for a token", 403: "the token is wrong"}

T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True):
    """`body` holds no more bytes than were asked for; `is_cut` says that there were more."""

    status: int
    body: bytes
    is_cut: bool = False

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class ExchangeError(Exception):
    """`may_pass` when trying again at once has a chance."""

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        self.reason = reason
        self.may_pass = may_pass
        super().__init__(reason)


def unavailable(reason: str) -> Unavailable:
    return Unavailable(system="ray", reason=reason)


def decoded(answer: Answer, kind: type[T]) -> T:
    """The JSON body as a struct. Raises Unavailable: whoever answered, it was not Ray."""
    try:
        return msgspec.json.decode(answer.body, type=kind, strict=False)
    except ValueError:
        raise unavailable("its answer is not understood") from None


class RayDashboard:
    """`timeout_seconds` bounds a whole exchange, not just the wait for its next byte."""

    def __init__(
        self,
        base_url: str,
        token: str | None,
        *,
        timeout_seconds: float,
        breaker: CircuitBreaker | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._breaker = breaker or CircuitBreaker()
        self._sleep = sleep
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, CONNECT_SECONDS)),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
            trust_env=False,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, *, at_most: int = MAX_ANSWER_BYTES) -> Answer:
        """Tries again where the connection broke or a gateway stood in for Ray; the other methods never do."""
        return await self._call("GET", path, SECONDS_BETWEEN_TRIES, at_most=at_most)

    async def post(self, path: str, body: object = None) -> Answer:
        return await self._call("POST", path, json=body)

    async def put(self, path: str, body: bytes) -> Answer:
        return await self._call("PUT", path, content=body)

    async def delete(self, path: str) -> Answer:
        return await self._call("DELETE", path)

    async def _call(
        self, method: str, path: str, waits: Sequence[float] = (), *, at_most: int = MAX_ANSWER_BYTES, **sent: Any
    ) -> Answer:
        if not self._breaker.allows_a_call():
            raise unavailable(self._breaker.last_reason)
        remaining = iter(waits)
        while True:
            try:
                answer = await self._exchange(method, path, at_most, sent)
            except ExchangeError as trouble:
                wait = next(remaining, None) if trouble.may_pass else None
                if wait is None:
                    self._breaker.failed(trouble.reason)
                    raise unavailable(trouble.reason) from None
                await self._sleep(wait)
            else:
                self._breaker.answered()
                return _admitted(answer)

    async def _exchange(self, method: str, path: str, at_most: int, sent: dict[str, Any]) -> Answer:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                async with self._client.stream(method, path, **sent) as response:
                    body, is_cut = await _first_bytes(response.aiter_bytes(), at_most)
        except (TimeoutError, httpx.TimeoutException):
            raise ExchangeError("no answer in time", may_pass=False) from None
        except httpx.ConnectError:
            raise ExchangeError("nobody listens there", may_pass=True) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise ExchangeError("the connection broke", may_pass=True) from None
        if response.status_code in GATEWAY_TROUBLE:
            raise ExchangeError(GATEWAY_TROUBLE[response.status_code], may_pass=True)
        return Answer(status=response.status_code, body=body, is_cut=is_cut)


def _admitted(answer: Answer) -> Answer:
    if answer.status in TOKEN_TROUBLE:
        raise unavailable(TOKEN_TROUBLE[answer.status])
    return answer


async def _first_bytes(chunks: AsyncIterator[bytes], at_most: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > at_most:
            return bytes(body[:at_most]), True
    return bytes(body), False
