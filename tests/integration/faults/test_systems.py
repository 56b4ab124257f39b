"""An object store and a cluster that hang, and what the service still does meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import httpx
import pytest
from tests.builders import inference, upload
from tests.conftest import serving
from tests.fakes.fault_proxy import FaultProxy
from tests.fakes.object_store import MemoryStore
from tests.fakes.runner import FakeRunner, Fate

from touchstone.adapters import s3_client
from touchstone.adapters.object_store import StoredObject
from touchstone.adapters.ray_runner import RayRunner
from touchstone.adapters.runner import Submission
from touchstone.adapters.s3_store import S3Store
from touchstone.assembly import Assembly, assemble
from touchstone.domains.jobs import logs
from touchstone.settings import Settings

DEADLINE_SECONDS = 30
Turn = Callable[[], Awaitable[int]]
NOWHERE = ("127.0.0.1", 9)


@pytest.fixture
async def proxy() -> AsyncGenerator[FaultProxy]:
    """Takes connections and says nothing."""
    async with FaultProxy(*NOWHERE) as standing:
        standing.blackhole()
        yield standing


@pytest.fixture
async def hung_s3(proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[S3Store]:
    monkeypatch.setattr(s3_client, "READ_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(s3_client, "SEND_SECONDS", 0.3)
    monkeypatch.setattr(s3_client, "ATTEMPTS", 1)
    store = S3Store(
        "bucket", endpoint_url=proxy.url, region="here", access_key_id="id", secret_access_key="a key for the tests"
    )
    async with store:
        yield store


@pytest.fixture
async def hung_ray(proxy: FaultProxy) -> AsyncGenerator[RayRunner]:
    runner = RayRunner(proxy.url, token=None, code="installed", timeout_seconds=0.3)
    yield runner
    await runner.close()


@pytest.fixture
def due(parts: Assembly) -> Callable[[], Awaitable[None]]:
    async def make_due() -> None:
        await parts.database.execute("update job set look_at = now() where look_at > now()")

    return make_due


async def status_of(client: httpx.AsyncClient, job_id: str) -> str:
    return (await client.get(f"/api/v1/jobs/{job_id}")).json()["status"]


async def submitted(client: httpx.AsyncClient, dataset: str) -> str:
    answer = await client.post("/api/v1/jobs/inference/", json=inference(dataset))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def told_down(client: httpx.AsyncClient, name: str) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            found = (await client.get("/health/dependencies")).json()["dependencies"][name]
            if found["status"] == "down":
                return
            await asyncio.sleep(0.05)


async def test_an_upload_to_a_store_that_hangs_is_refused_and_leaves_nothing(
    settings: Settings, runner: FakeRunner, hung_s3: S3Store, parts: Assembly
) -> None:
    async with serving(settings, runner, hung_s3) as client:  # pyright: ignore[reportArgumentType]
        files = {"dataset": ("a.csv", b"examples\na\n")}
        answer = await client.post("/api/v1/datasets/", files=files, data={"format": "job"})
        assert (answer.status_code, answer.json()["detail"]) == (
            503,
            "Upstream error with s3: it does not answer in time",
        )
        assert (await client.get("/api/v1/datasets/")).json()["total"] == 0
        await told_down(client, "object store")
    await parts.datasets().purge_abandoned()
    assert await parts.database.fetch_value("select count(*) from unfinished_dataset") == 0


async def test_while_the_store_hangs_jobs_are_taken_and_read_and_later_done(
    client: httpx.AsyncClient,
    settings: Settings,
    runner: FakeRunner,
    hung_s3: S3Store,
    parts: Assembly,
    due: Callable[[], Awaitable[None]],
) -> None:
    dataset = await upload(client)
    hung = assemble(settings, runner=runner, store=hung_s3)
    async with hung.opened(), serving(settings, runner, hung_s3) as speaking:  # pyright: ignore[reportArgumentType]
        job_id = await submitted(speaking, dataset)
        worker = hung.dispatcher()
        for _ in range(2):
            await due()
            await worker.turn()
        assert await status_of(speaking, job_id) == "created"
        assert (await speaking.get(f"/api/v1/jobs/{job_id}/logs")).json()["logs"] == ""
        assert (await speaking.get("/api/v1/experiments/")).status_code == 200
    for _ in range(4):
        await due()
        await parts.dispatcher().turn()
    assert await status_of(client, job_id) == "succeeded"


class SilentStore(MemoryStore):
    """Lists nothing, and never says so."""

    is_silent = False

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[StoredObject]:
        while self.is_silent:
            await asyncio.sleep(3600)
        async for found in super().list(prefix, after=after):
            yield found


@pytest.mark.parametrize("reason", ["silence", "refusal"])
async def test_a_log_answers_with_its_end_while_the_store_does_not(
    settings: Settings, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setattr(logs, "KEPT", 1000)
    monkeypatch.setattr(logs, "READ_SECONDS", 0.2)
    store = SilentStore()
    printed = "".join(f"line {number}\n" for number in range(1000))

    async def prints(_: Submission) -> Fate:
        return Fate(looks_pending=0, looks_running=None)

    runner.script = prints
    parts = assemble(settings, runner=runner, store=store)
    async with parts.opened(), serving(settings, runner, store) as client:  # pyright: ignore[reportArgumentType]
        job_id = await submitted(client, await upload(client))
        for length in (4000, 6000, len(printed)):
            for run in runner.runs.values():
                run.printed = printed[:length]
            await parts.database.execute("update job set look_at = now()")
            await parts.dispatcher().turn()
        whole = (await client.get(f"/api/v1/jobs/{job_id}/logs")).json()["logs"]
        assert whole == printed
        if reason == "silence":
            store.is_silent = True
        else:
            store.unavailable = "it is down"
        end = (await client.get(f"/api/v1/jobs/{job_id}/logs")).json()["logs"]
        assert end.startswith("[the beginning of this log is in the object store")
        assert end.endswith("line 998\nline 999\n") and len(end) > 1000
        assert printed.endswith(end.partition("]\n")[2])


async def test_while_the_cluster_hangs_jobs_are_taken_and_read_and_later_done(
    settings: Settings,
    store: MemoryStore,
    runner: FakeRunner,
    proxy: FaultProxy,
    hung_ray: RayRunner,
    parts: Assembly,
    due: Callable[[], Awaitable[None]],
) -> None:
    hung = assemble(settings, runner=hung_ray, store=store)
    async with hung.opened(), serving(settings, hung_ray, store) as client:  # pyright: ignore[reportArgumentType]
        await told_down(client, "ray")
        job_id = await submitted(client, await upload(client))
        for _ in range(2):
            await due()
            await hung.dispatcher().turn()
        asked = proxy.accepted
        assert await status_of(client, job_id) == "created"
        for path in ("jobs/", f"jobs/{job_id}/logs", "experiments/"):
            assert (await client.get(f"/api/v1/{path}")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
        assert proxy.accepted == asked, "reading asks nothing of the cluster"
        for _ in range(4):
            await due()
            await parts.dispatcher().turn()
        assert await status_of(client, job_id) == "succeeded"
