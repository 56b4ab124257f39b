"""OpenTelemetry over OTLP/HTTP; imported only when traces are wanted.

Names of attributes: OpenTelemetry semantic conventions for HTTP server spans, 1.23 and later.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from touchstone.http.asgi import Scope
from touchstone.http.exchange import PROBES, Exchange

EXPORT_TIMEOUT_SECONDS = 5
TRACES_PATH = "/v1/traces"


class OtlpTracer:
    """Continues the trace of a `traceparent` header. `exporter` replaces the collector in tests."""

    def __init__(self, endpoint: str, version: str, exporter: SpanExporter | None = None) -> None:
        resource = Resource.create({"service.name": "touchstone", "service.version": version})
        address = endpoint if endpoint.endswith(TRACES_PATH) else endpoint.rstrip("/") + TRACES_PATH
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter or OTLPSpanExporter(address, timeout=EXPORT_TIMEOUT_SECONDS))
        )
        self._tracer = self._provider.get_tracer("touchstone", version)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, scope: Scope, exchange: Exchange) -> Generator[None]:
        if exchange.path in PROBES:
            yield
            return
        with self._tracer.start_as_current_span(
            exchange.method,
            context=self._parent(scope),
            kind=SpanKind.SERVER,
            attributes=_known_at_start(scope, exchange),
            record_exception=False,
        ) as span:
            try:
                yield
            finally:
                _complete(span, exchange)

    def stop(self) -> None:
        self._provider.force_flush(EXPORT_TIMEOUT_SECONDS * 1000)
        self._provider.shutdown()

    def _parent(self, scope: Scope) -> Context:
        wanted = (b"traceparent", b"tracestate")
        carrier = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in wanted}
        return self._propagator.extract(carrier)


def _known_at_start(scope: Scope, exchange: Exchange) -> dict[str, Any]:
    client = scope.get("client")
    return {
        "http.request.method": exchange.method,
        "url.scheme": scope.get("scheme", "http"),
        "url.path": exchange.path,
        "client.address": client[0] if client else "",
        "touchstone.request_id": exchange.request_id,
    }


def _complete(span: Span, exchange: Exchange) -> None:
    if exchange.route is not None:
        span.update_name(f"{exchange.method} {exchange.route}")
        span.set_attribute("http.route", exchange.route)
    span.set_attribute("http.response.status_code", exchange.status)
    if exchange.status >= 500:
        span.set_status(StatusCode.ERROR)
