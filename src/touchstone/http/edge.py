"""Everything between the server and the application: who may ask, from where, how much, and what is told of it."""

import contextlib
from collections.abc import Mapping
from typing import cast

import msgspec
from litestar.types import ASGIApp
from structlog.contextvars import bind_contextvars, reset_contextvars

from touchstone.errors import Failure
from touchstone.http.asgi import Application, Header, Message, Receive, Scope, Send, answer, with_vary
from touchstone.http.body_limits import BodyLimits, UploadLimit, counting, declared_too_large, drain, too_large
from touchstone.http.compression import compressing
from touchstone.http.cors import Cors
from touchstone.http.errors import code_of, status_of
from touchstone.http.exchange import Exchange
from touchstone.http.hosts import AllowedHosts, HostNotAllowed
from touchstone.http.logging import AnswerCutOffError, FailureLog, log_access
from touchstone.http.metrics import Metrics
from touchstone.http.problem import PROBLEM_JSON, contract_body, rfc9457_body
from touchstone.http.proxies import TrustedProxies
from touchstone.http.request_ids import HEADER, choose_request_id, request_id, set_request_id
from touchstone.http.security_headers import YEAR_SECONDS, SecurityHeaders
from touchstone.http.tracing import RequestTracer

# whoever probes a container names it by whatever address it has
ANY_HOST_PATHS = frozenset({"/health/live", "/health/ready"})


class EdgeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes are bytes; hosts are names without port, proxies are networks; `*` is any host or any origin."""

    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    allowed_origins: tuple[str, ...] = ("http://localhost", "http://localhost:3000", "http://localhost:30001")
    trusted_proxies: tuple[str, ...] = ()
    max_body_bytes: int = 10_000_000
    upload_limits: tuple[UploadLimit, ...] = ()
    compress_from_bytes: int = 1024
    hsts_seconds: int = YEAR_SECONDS


def wrap(
    app: ASGIApp,
    settings: EdgeSettings,
    *,
    metrics: Metrics | None = None,
    failures: FailureLog | None = None,
    tracer: RequestTracer | None = None,
) -> Application:
    """The application behind its edge, to be given to the server."""
    return Edge(cast("Application", app), settings, metrics or Metrics(), failures or FailureLog(), tracer)


class Edge:
    def __init__(
        self,
        app: Application,
        settings: EdgeSettings,
        metrics: Metrics,
        failures: FailureLog,
        tracer: RequestTracer | None,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._failures = failures
        self._tracer = tracer
        self._hosts = AllowedHosts(settings.allowed_hosts)
        self._cors = Cors(settings.allowed_origins)
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._body_limits = BodyLimits(settings.max_body_bytes, settings.upload_limits)
        self._security = SecurityHeaders(settings.hsts_seconds)
        self._compress_from = settings.compress_from_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._proxies.rewrite(scope)
        rewrite_short_prefix(scope)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        exchange = Exchange(scope, choose_request_id(headers.get(HEADER)))
        set_request_id(scope, exchange.request_id)
        tokens = bind_contextvars(request_id=exchange.request_id)
        self._metrics.in_flight += 1
        try:
            with self._tracer.request(scope, exchange) if self._tracer else contextlib.nullcontext():
                await self._answer(scope, headers, exchange, receive, send)
        finally:
            self._metrics.in_flight -= 1
            self._tell(exchange)
            reset_contextvars(**tokens)

    def _tell(self, exchange: Exchange) -> None:
        exchange.ended()
        self._metrics.observe(exchange.method, exchange.route, exchange.status, exchange.seconds)
        log_access(exchange)

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], exchange: Exchange, receive: Receive, send: Send
    ) -> None:
        described = self._describing(scope, headers, exchange, send)
        try:
            await self._admit(scope, headers, receive, described)
        except Exception as error:
            self._failures.fault(error, exchange.route)
            if exchange.has_started:
                raise AnswerCutOffError from None
            await refuse(scope, described, 500, "internal_server_error", "Internal Server Error")

    async def _admit(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        limit = self._body_limits.of(scope["path"])
        if not self._hosts.accepts(headers.get(b"host")) and scope["path"] not in ANY_HOST_PATHS:
            await refuse_failure(scope, send, HostNotAllowed())
        elif self._cors.is_preflight(scope["method"], headers):
            await self._cors.answer_preflight(headers, send)
        elif declared_too_large(limit, headers):
            await drain(limit, headers, receive)
            await refuse_failure(scope, send, too_large(limit))
        else:
            packing = compressing(scope, headers.get(b"accept-encoding"), self._compress_from, send)
            await self._app(scope, counting(limit, receive), packing)

    def _describing(self, scope: Scope, request_headers: Mapping[bytes, bytes], exchange: Exchange, send: Send) -> Send:
        """`send` that completes the headers of the answer and takes down how it went."""

        async def send_described(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[Header] = list(message.get("headers", ()))
                present = dict(headers)
                exchange.answered(message, present.get(b"content-type", b""))
                headers += self._security.missing(present, scope.get("scheme", "http"))
                headers += self._cors_headers(present, request_headers.get(b"origin"))
                headers.append((HEADER, exchange.request_id.encode("ascii")))
                if self._cors.varies:
                    headers = with_vary(headers, b"Origin")
                message["headers"] = headers
            await send(message)

        return send_described

    def _cors_headers(self, present: Mapping[bytes, bytes], origin: bytes | None) -> tuple[Header, ...]:
        is_preflight_answer = b"access-control-allow-methods" in present
        return () if is_preflight_answer else self._cors.response_headers(origin)


def rewrite_short_prefix(scope: Scope) -> None:
    """`/v1/…` is another spelling of `/api/v1/…`."""
    path: str = scope["path"]
    if path.startswith("/v1/") or path == "/v1":
        scope["path"] = "/api" + path
        if raw_path := scope.get("raw_path"):
            scope["raw_path"] = b"/api" + raw_path


async def refuse(scope: Scope, send: Send, status: int, code: str, detail: str) -> None:
    """A failure outside the application, in the application's two shapes."""
    known_as = request_id(scope)
    wanted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    if PROBLEM_JSON.encode() in wanted:
        body = rfc9457_body(status, code, detail, known_as, scope["path"])
        await answer(send, status, PROBLEM_JSON.encode(), msgspec.json.encode(body))
    else:
        await answer(
            send, status, b"application/json", msgspec.json.encode(contract_body(status, code, detail, known_as))
        )


async def refuse_failure(scope: Scope, send: Send, failure: Failure) -> None:
    kind = type(failure)
    await refuse(scope, send, status_of(kind), code_of(kind), str(failure))
