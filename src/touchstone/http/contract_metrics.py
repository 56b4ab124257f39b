"""What is counted of requests, once more under the names that dashboards of the observation contract ask for."""

from collections import defaultdict
from collections.abc import Iterable

from prometheus_client import Counter, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric

PREFIX = "test_observer_api_http"
LONG_PREFIX = "/api/v1/"
NONE_MATCHED = "none"


class ContractMetrics:
    """A collector over ours, whose labels are method, route and class of status; it counts nothing by itself."""

    def __init__(self, requests: Counter, durations: Histogram, *, unmatched: str) -> None:
        self._requests = requests
        self._durations = durations
        self._unmatched = unmatched

    def collect(self) -> Iterable[Metric]:
        yield self._counted()
        yield from self._timed()

    def _counted(self) -> Metric:
        family = CounterMetricFamily(f"{PREFIX}_requests", "Requests answered.", labels=("handler", "method", "status"))
        for sample in _samples(self._requests, "_total"):
            labels = sample.labels
            family.add_metric((self._handler(labels["route"]), labels["method"], labels["status"]), sample.value)
        return family

    def _timed(self) -> Iterable[Metric]:
        """By handler and method, and over all of them."""
        buckets: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        sums: dict[tuple[str, ...], float] = defaultdict(float)
        for sample in _samples(self._durations, "_bucket"):
            for key in (self._handler(sample.labels["route"]), sample.labels["method"]), ():
                buckets[key][sample.labels["le"]] += sample.value
        for sample in _samples(self._durations, "_sum"):
            for key in (self._handler(sample.labels["route"]), sample.labels["method"]), ():
                sums[key] += sample.value
        by_handler = HistogramMetricFamily(
            f"{PREFIX}_request_duration_seconds", "Time to answer.", labels=("handler", "method")
        )
        overall = HistogramMetricFamily(f"{PREFIX}_request_duration_highr_seconds", "Time to answer, all requests.")
        for key, found in buckets.items():
            (by_handler if key else overall).add_metric(key, list(found.items()), sums[key])
        return by_handler, overall

    def _handler(self, route: str) -> str:
        """The path as it is without the prefix that only this service has."""
        if route == self._unmatched:
            return NONE_MATCHED
        return route.removeprefix("/api") if route.startswith(LONG_PREFIX) else route


def _samples(metric: Counter | Histogram, suffix: str):
    return (sample for family in metric.collect() for sample in family.samples if sample.name.endswith(suffix))
