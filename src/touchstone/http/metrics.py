"""What Prometheus may read at `/metrics`: requests, this process, and gauges that others add."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec
import structlog
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily

from touchstone.http.caller import caller_of
from touchstone.http.contract_metrics import ContractMetrics
from touchstone.http.guards import anybody_unless_required
from touchstone.http.rate_limits import UNLIMITED

GAUGE_SECONDS = 5.0
GAUGE_TIMEOUT_SECONDS = 3.0
UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Reading = float | Mapping[tuple[str, ...], float]
Read = Callable[[], Reading | Awaitable[Reading]]

_log: Any = structlog.get_logger("touchstone.metrics")


class AddedGauge(msgspec.Struct, frozen=True):
    name: str
    documentation: str
    labels: tuple[str, ...]
    read: Read


class Metrics:
    """The numbers of one process, in a registry of their own so that several apps can live in one process."""

    def __init__(self) -> None:
        disable_created_metrics()
        self.registry = CollectorRegistry(auto_describe=False)
        self.in_flight = 0
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._gauges = _AddedGauges()
        self._guarded: dict[str, _AddedGauges] = {}
        labels = ("method", "route", "status")
        self._count = Counter("touchstone_http_requests", "Requests answered.", labels, registry=self.registry)
        self._duration = Histogram(
            "touchstone_http_request_duration_seconds",
            "From the first byte of the request to the last of the answer; to the first where the answer is a stream.",
            labels,
            buckets=_BUCKETS,
            registry=self.registry,
        )
        in_flight = Gauge("touchstone_http_requests_in_flight", "Requests being answered.", registry=self.registry)
        in_flight.set_function(lambda: self.in_flight)
        self.registry.register(self._gauges)
        self.registry.register(ContractMetrics(self._count, self._duration, unmatched=UNMATCHED))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)

    def observe(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Counts one answer; `route` is the template of the path, None where no route matched."""
        key = (method, route or UNMATCHED, status // 100)
        children = self._children.get(key)
        if children is None:
            children = self._children[key] = self._labelled(*key)
        children[0].inc()
        children[1].observe(seconds)

    def _labelled(self, method: str, route: str, status_class: int) -> tuple[Counter, Histogram]:
        labels = (method if method in _METHODS else "other", route, f"{status_class}xx")
        return self._count.labels(*labels), self._duration.labels(*labels)

    def add_gauge(
        self,
        name: str,
        documentation: str,
        read: Read,
        labels: tuple[str, ...] = (),
        *,
        permission: str | None = None,
    ) -> None:
        """A gauge read when somebody looks, at most every five seconds and with a time-out.

        `read` answers, now or as an awaitable, one number or, where there are labels, numbers by label values. With a
        `permission` it is shown to its holders only.
        """
        gauges = self._gauges if permission is None else self._guarded.setdefault(permission, _AddedGauges())
        gauges.add(AddedGauge(name, documentation, labels, read))

    async def render(self, accept: str = "", may: Callable[[str], bool] = lambda _: False) -> tuple[bytes, str]:
        """The exposition and its content type, in the format that the Accept header prefers.

        `may` tells whether who asks holds a permission.
        """
        shown = [gauges for permission, gauges in self._guarded.items() if may(permission)]
        await asyncio.gather(*(gauges.refresh() for gauges in (self._gauges, *shown)))
        encode, content_type = choose_encoder(accept)
        registry: Any = _Together([self.registry, *shown])
        return encode(registry), content_type


class _Together:
    """What an encoder takes for a registry."""

    def __init__(self, collectors: Iterable[Any]) -> None:
        self._collectors = collectors

    def collect(self) -> Iterable[Any]:
        for collector in self._collectors:
            yield from collector.collect()


class _AddedGauges:
    """A collector whose numbers may come from awaitables: they are read before the registry collects."""

    def __init__(self) -> None:
        self._added: list[AddedGauge] = []
        self._families: list[GaugeMetricFamily] = []
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    def add(self, gauge: AddedGauge) -> None:
        self._added.append(gauge)
        self._read_at = float("-inf")

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families

    async def refresh(self) -> None:
        async with self._lock:
            if time.monotonic() - self._read_at < GAUGE_SECONDS:
                return
            families = await asyncio.gather(*(_family(gauge) for gauge in self._added))
            self._families = [family for family in families if family is not None]
            self._read_at = time.monotonic()


async def _family(gauge: AddedGauge) -> GaugeMetricFamily | None:
    """The gauge's numbers; none when they cannot be had: a gap says more than a number that is no longer true."""
    try:
        async with asyncio.timeout(GAUGE_TIMEOUT_SECONDS):
            reading = gauge.read()
            numbers = await reading if inspect.isawaitable(reading) else reading
    except Exception as error:
        _log.warning("gauge cannot be read", gauge=gauge.name, error=type(error).__name__)
        return None
    family = GaugeMetricFamily(gauge.name, gauge.documentation, labels=gauge.labels)
    for values, number in (numbers if isinstance(numbers, Mapping) else {(): numbers}).items():
        family.add_metric(values, number)
    return family


def metrics_handler(metrics: Metrics) -> HTTPRouteHandler:
    """`GET /metrics`, outside the OpenAPI document."""

    @get("/metrics", include_in_schema=False, guards=[anybody_unless_required], opt=UNLIMITED)
    async def read_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """The numbers of this process, for Prometheus."""
        body, content_type = await metrics.render(request.headers.get("accept", ""), caller_of(request).may)
        return Response(body, media_type=content_type)

    return read_metrics
