import builtins

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from touchstone.http.error_reports import start_error_reports
from touchstone.http.otlp import OtlpTracer
from touchstone.http.tracing import MissingExtraError, start_tracing

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def traced(client_of, exporter: InMemorySpanExporter):
    tracer = OtlpTracer("http://collector.invalid:4318", "1.2.3", exporter)
    async with client_of(tracer=tracer) as client:
        client.stop = tracer.stop
        yield client


async def test_a_request_is_a_span_named_for_its_route(traced: httpx.AsyncClient, exporter: InMemorySpanExporter):
    await traced.get("/v1/things/7?signature=hush", headers={"x-request-id": "r-1"})
    traced.stop()
    (span,) = exporter.get_finished_spans()
    assert span.name == "GET /api/v1/things/{thing_id}"
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["http.route"] == "/api/v1/things/{thing_id}"
    assert span.attributes["touchstone.request_id"] == "r-1"
    assert "hush" not in str(dict(span.attributes))
    assert span.resource.attributes["service.version"] == "1.2.3"


async def test_a_span_continues_the_callers_trace(traced: httpx.AsyncClient, exporter: InMemorySpanExporter):
    await traced.get("/v1/things", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    traced.stop()
    (span,) = exporter.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == TRACE


async def test_a_crash_is_an_error_without_its_words(traced: httpx.AsyncClient, exporter: InMemorySpanExporter):
    await traced.get("/v1/crash")
    traced.stop()
    (span,) = exporter.get_finished_spans()
    assert not span.status.is_ok
    assert span.events == ()


async def test_probes_are_not_traced(traced: httpx.AsyncClient, exporter: InMemorySpanExporter):
    await traced.get("/health/live")
    traced.stop()
    assert exporter.get_finished_spans() == ()


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch):
    import sys

    real = builtins.__import__

    def refuse(name: str, *arguments, **named):
        if name.startswith(("touchstone.http.otlp", "sentry_sdk")):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.delitem(sys.modules, "touchstone.http.otlp")
    monkeypatch.setattr(builtins, "__import__", refuse)


def test_a_missing_extra_is_named(without_extras: None):
    with pytest.raises(MissingExtraError, match=r"touchstone\[tracing\]"):
        start_tracing("http://collector:4318", "1.2.3")
    with pytest.raises(MissingExtraError, match=r"touchstone\[sentry\]"):
        start_error_reports("https://key@sentry.invalid/1", "1.2.3", "production")


def test_error_reports_hold_no_variables_and_no_bodies(monkeypatch: pytest.MonkeyPatch):
    import sentry_sdk

    asked = {}
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: asked.update(options))
    report = start_error_reports("https://key@sentry.invalid/1", "1.2.3", "production")
    assert report is sentry_sdk.capture_exception
    assert asked["release"] == "touchstone@1.2.3"
    assert not asked["include_local_variables"]
    assert not asked["send_default_pii"]
    assert asked["max_request_body_size"] == "never"
