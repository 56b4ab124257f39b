"""Thousands of jobs at once: all are accepted, all end, the bound holds, and nobody waits for the crowd."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import msgspec
import pytest
from tests.builders import experiment, inference, upload, workflow
from tests.conftest import replaced
from tests.fakes.object_store import MemoryStore
from tests.fakes.runner import FakeRunner, Fate

from touchstone.adapters.runner import Run, Submission
from touchstone.assembly import Assembly, assemble
from touchstone.domains.jobs import dispatcher
from touchstone.domains.jobs.model import JobKind
from touchstone.domains.jobs.schemas import InferenceConfig, NewInferenceJob
from touchstone.domains.workflows.schemas import NewWorkflow
from touchstone.http.caller import SYSTEM
from touchstone.settings import Settings
from touchstone_jobs.wire import OUTCOME_FILE, Outcome, Progress

JOBS = 10_000
MOST_SUBMITTED = 400
WORKERS = 3
DEADLINE_SECONDS = 240


class QuickCluster(FakeRunner):
    """Ends every run at the second look, and knows how many it ever had at once."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(script=self.at_once, work=self.leave_a_result)
        self.store = store
        self.active = self.most_active = 0

    async def at_once(self, _: Submission) -> Fate:
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        return Fate(looks_pending=0, looks_running=0)

    async def leave_a_result(self, submission: Submission) -> None:
        self.active -= 1
        job_id, _, attempt = submission.id.rpartition("-")
        folder = f"jobs/work/{job_id}/{attempt}/"
        outcome = Outcome(attempt=int(attempt), succeeded=True, progress=Progress())
        await self.store.put(folder + "results.json", b"{}")
        await self.store.put(folder + OUTCOME_FILE, msgspec.json.encode(outcome))


async def gathered(count: int, at_once: int, call: Callable[[], Awaitable[object]]) -> None:
    async def some() -> None:
        for _ in range(count // at_once):
            await call()

    await asyncio.gather(*(some() for _ in range(at_once)))


async def test_ten_thousand_jobs_are_accepted_and_all_end(
    client: httpx.AsyncClient, settings: Settings, store: MemoryStore
) -> None:
    cluster, stop = QuickCluster(store), asyncio.Event()
    dataset = UUID(await upload(client))
    new = NewInferenceJob(
        name="one of many", dataset=dataset, job_config=InferenceConfig(model="lead-1", provider="baseline")
    )
    parts = assemble(replaced(settings, ray_max_submitted=MOST_SUBMITTED), runner=cluster, store=store)
    async with parts.opened():
        service = parts.jobs()
        workers = [asyncio.create_task(parts.dispatcher().run(stop)) for _ in range(WORKERS)]
        await gathered(JOBS, 10, lambda: service.submit(JobKind.INFERENCE, new, SYSTEM))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await parts.database.fetch_value("select count(*) from job where finished_at is null"):
                await asyncio.sleep(0.2)
        stop.set()
        await asyncio.gather(*workers)
        ended = await parts.database.fetch_value("select count(*) from job where status = 'succeeded' and attempt = 1")
    assert ended == JOBS
    assert len(cluster.submissions) == JOBS
    assert cluster.most_active <= MOST_SUBMITTED


async def test_a_small_experiment_does_not_wait_for_the_thousand_jobs_of_another(
    client: httpx.AsyncClient, parts: Assembly, store: MemoryStore, runner: FakeRunner
) -> None:
    dataset = await upload(client)
    crowded, small = await experiment(client, dataset, name="crowded"), await experiment(client, dataset, name="small")
    one_of_many = msgspec.convert(workflow(crowded, name="crowd"), NewWorkflow)
    await gathered(1000, 10, lambda: parts.workflows().create(one_of_many, SYSTEM))
    worker = parts.dispatcher()
    await worker.turn()
    created = (await client.post("/api/v1/workflows/", json=workflow(small, name="small"))).json()
    for _ in range(20):
        await parts.database.execute("update job set look_at = now() where look_at > now()")
        await worker.turn()
    assert (await client.get(f"/api/v1/workflows/{created['id']}")).json()["status"] == "succeeded"
    assert len(runner.submissions) < 40, "of the crowd no more than its share"


class _Hangs(FakeRunner):
    """Calls about some runs are never answered."""

    hanging = frozenset[str]()

    async def look(self, submission_id: str) -> Run | None:
        if submission_id in self.hanging:
            await asyncio.Event().wait()
        return await super().look(submission_id)


async def test_a_look_that_hangs_keeps_no_other_job_waiting(
    client: httpx.AsyncClient, settings: Settings, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "STEP_SECONDS", 3.0)
    cluster, stop = _Hangs(looks_advance=True), asyncio.Event()
    dataset = await upload(client)
    hung = [await _submitted(client, inference(dataset, name="slow")) for _ in range(3)]
    cluster.hanging = frozenset(f"{job_id}-1" for job_id in hung)
    parts = assemble(replaced(settings, ray_max_submitted=10), runner=cluster, store=store)
    async with parts.opened():
        running = asyncio.create_task(parts.dispatcher().run(stop))
        other = await _submitted(client, inference(dataset, name="noresult"))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await client.get(f"/api/v1/jobs/{other}")).json()["status"] != "failed":
                await asyncio.sleep(0.05)
        for job_id in hung:
            assert (await client.get(f"/api/v1/jobs/{job_id}")).json()["status"] == "created"
        cluster.hanging = frozenset()
        stop.set()
        await running


async def _submitted(client: httpx.AsyncClient, body: object) -> str:
    answer = await client.post("/api/v1/jobs/inference/", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_what_is_due_beyond_one_round_is_not_left_for_later(
    client: httpx.AsyncClient, settings: Settings, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that would rest for an hour between rounds gets through many rounds' worth of jobs."""
    monkeypatch.setattr(dispatcher, "LOOK_AGAIN_SECONDS", 3600.0)
    monkeypatch.setattr(dispatcher, "SOONEST_LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(dispatcher, "IDLE_SECONDS", 3600.0)
    cluster, stop, count = QuickCluster(store), asyncio.Event(), 5 * dispatcher.LOOKS_AT_ONCE
    dataset = await upload(client)
    for _ in range(count):
        await _submitted(client, inference(dataset))
    parts = assemble(replaced(settings, ray_max_submitted=1000), runner=cluster, store=store)
    async with parts.opened():
        running = asyncio.create_task(parts.dispatcher().run(stop))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(cluster.submissions) < count:
                await asyncio.sleep(0.05)
        stop.set()
        await running
