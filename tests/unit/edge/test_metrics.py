import asyncio

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from touchstone.http import metrics as metrics_module
from touchstone.http.metrics import Metrics


async def samples(metrics: Metrics) -> dict[tuple[str, frozenset], float]:
    body, _ = await metrics.render()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def labelled(name: str, **labels: str) -> tuple[str, frozenset]:
    return name, frozenset(labels.items())


def requests(method: str, route: str, status: str) -> tuple[str, frozenset]:
    return labelled("touchstone_http_requests_total", method=method, route=route, status=status)


async def test_requests_are_counted_by_template_and_class(client: httpx.AsyncClient, metrics: Metrics):
    for number in range(3):
        await client.get(f"/v1/things/{number}")
    await client.delete("/v1/things/1/")
    await client.get("/v1/crash")
    found = await samples(metrics)
    assert found[requests("GET", "/api/v1/things/{thing_id}", "2xx")] == 3
    assert found[requests("DELETE", "/api/v1/things/{thing_id}", "2xx")] == 1
    assert found[requests("GET", "/api/v1/crash", "5xx")] == 1
    times = labelled(
        "touchstone_http_request_duration_seconds_count", method="GET", route="/api/v1/crash", status="5xx"
    )
    assert found[times] == 1


async def test_requests_are_told_under_the_names_of_the_contract_too(client: httpx.AsyncClient, metrics: Metrics):
    for number in range(3):
        await client.get(f"/v1/things/{number}")
    await client.get("/nowhere")
    found = await samples(metrics)
    name = "test_observer_api_http_request"
    things = {"handler": "/v1/things/{thing_id}", "method": "GET"}
    assert found[labelled(f"{name}s_total", **things, status="2xx")] == 3
    assert found[labelled(f"{name}s_total", handler="none", method="GET", status="4xx")] == 1
    assert found[labelled(f"{name}_duration_seconds_count", **things)] == 3
    assert found[labelled(f"{name}_duration_seconds_bucket", **things, le="+Inf")] == 3
    assert found[labelled(f"{name}_duration_highr_seconds_count")] == 4


async def test_paths_and_verbs_that_clients_make_up_share_one_label(client: httpx.AsyncClient, metrics: Metrics):
    for number in range(5):
        await client.request(f"VERB{number}", f"/made/up/{number}")
    assert (await samples(metrics))[requests("other", "unmatched", "4xx")] == 5


async def test_requests_in_flight_are_seen(client: httpx.AsyncClient, metrics: Metrics):
    waiting = asyncio.create_task(client.get("/v1/wait"))
    async with asyncio.timeout(5):
        while metrics.in_flight == 0:
            await asyncio.sleep(0)
    assert (await samples(metrics))[labelled("touchstone_http_requests_in_flight")] == 1
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    found = await samples(metrics)
    assert found[labelled("touchstone_http_requests_in_flight")] == 0
    assert found[requests("GET", "/api/v1/wait", "4xx")] == 1


async def test_metrics_are_served(client: httpx.AsyncClient):
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "process_cpu_seconds_total" in response.text
    open_metrics = await client.get("/metrics", headers={"accept": "application/openmetrics-text"})
    assert open_metrics.text.endswith("# EOF\n")


async def test_gauges_may_be_numbers_or_awaitables_with_labels(metrics: Metrics):
    async def jobs() -> dict[tuple[str, ...], float]:
        return {("created",): 3, ("running",): 1}

    metrics.add_gauge("touchstone_jobs", "Jobs by state.", jobs, labels=("state",))
    metrics.add_gauge("touchstone_workers", "Workers.", lambda: 2)
    found = await samples(metrics)
    assert found[labelled("touchstone_jobs", state="created")] == 3
    assert found[labelled("touchstone_jobs", state="running")] == 1
    assert found[labelled("touchstone_workers")] == 2


async def test_gauges_are_not_read_by_every_visitor(metrics: Metrics):
    reads: list[None] = []
    metrics.add_gauge("touchstone_costly", "Costly.", lambda: float(reads.append(None) or 1))
    await asyncio.gather(*(metrics.render() for _ in range(10)))
    assert len(reads) == 1


async def test_a_gauge_that_fails_or_hangs_leaves_a_gap(metrics: Metrics, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics_module, "GAUGE_TIMEOUT_SECONDS", 0.01)

    async def hangs() -> float:
        await asyncio.Event().wait()
        return 1

    metrics.add_gauge("touchstone_broken", "Broken.", lambda: 1 / 0)
    metrics.add_gauge("touchstone_hanging", "Hanging.", hangs)
    metrics.add_gauge("touchstone_fine", "Fine.", lambda: 1)
    names = {name for name, _ in await samples(metrics)}
    assert "touchstone_fine" in names
    assert not names & {"touchstone_broken", "touchstone_hanging"}
