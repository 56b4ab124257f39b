"""A service whose worker can die at any moment; what is outside of it, Postgres and the cluster, lives on."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import msgspec
from tests.builders import experiment, inference, upload, workflow
from tests.fakes.object_store import MemoryStore
from tests.fakes.runner import FakeRunner
from tests.integration.faults.effects import Effects, WatchedDatabase, watched

from touchstone.assembly import Assembly
from touchstone.domains.jobs.dispatcher import Dispatcher
from touchstone.domains.jobs.model import JobEvent, JobRow
from touchstone.domains.jobs.repository import JobRepository

Empty = Callable[[], Awaitable[None]]
STATUSES = ["created", "pending", "running", "succeeded"]


class World:
    """`parts` and `client` are those of the API; each worker is made of parts of its own, over one watched database."""

    def __init__(
        self,
        parts: Assembly,
        client: httpx.AsyncClient,
        store: MemoryStore,
        runner: FakeRunner,
        worker_database: WatchedDatabase,
        empty: Empty,
    ) -> None:
        self.parts, self.client, self.store, self.runner = parts, client, store, runner
        self.worker_database = worker_database
        self._empty = empty
        self._script, self._work = runner.script, runner.work

    async def begin_anew(self) -> None:
        await self._empty()
        self.store.objects.clear()
        self.runner.runs.clear()
        self.runner.submissions.clear()
        self.runner.script, self.runner.work = self._script, self._work

    def worker(self, effects: Effects) -> Dispatcher:
        """A process that was just started."""
        database = self.worker_database
        database.effects = effects
        parts = msgspec.structs.replace(
            self.parts,
            database=database,
            store=watched(self.store, "store", database),
            runner=watched(self.runner, "runner", database),
        )
        return parts.dispatcher()

    async def let_time_pass(self) -> None:
        """Everything is due, and no lease holds any more."""
        await self.parts.database.execute(
            """
            update job set look_at = least(look_at, now()),
                leased_until = least(leased_until, now() - interval '1 second')
            """
        )

    async def dataset(self) -> str:
        return await upload(self.client)

    async def workflow(self, **fields: Any) -> UUID:
        """The id of a new workflow on a dataset of its own."""
        experiment_id = await experiment(self.client, await self.dataset())
        answer = await self.client.post("/api/v1/workflows/", json=workflow(experiment_id, **fields))
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def job(self, name: str = "a job", *, job_timeout_sec: int = 600, **config: Any) -> UUID:
        body = {**inference(await self.dataset(), name=name, **config), "job_timeout_sec": job_timeout_sec}
        answer = await self.client.post("/api/v1/jobs/inference/", json=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def post(self, path: str) -> Any:
        answer = await self.client.post(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str) -> Any:
        answer = await self.client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def jobs(self) -> list[JobRow]:
        """The oldest first."""
        ids = await self.parts.database.fetch_value("select coalesce(array_agg(id), '{}') from job")
        rows = await JobRepository(self.parts.database).list_by_id(ids)
        return sorted(rows, key=lambda job: job.created_at)

    async def state(self) -> tuple[Any, ...]:
        """What tells two moments apart in which a worker does the same."""
        return tuple(
            (job.kind, job.status, job.attempt, job.stop_reason, job.log_archived, job.log_size)
            for job in await self.jobs()
        )

    async def everything(self) -> tuple[Any, ...]:
        """All that is kept of jobs, workflows, logs and datasets, but for when somebody last looked."""
        database = self.parts.database
        jobs = await database.fetch_value(
            "select json_agg(to_json(job)::jsonb - '{look_at,leased_until,leased_by}'::text[] order by id) from job"
        )
        workflows = await database.fetch_value("select json_agg(workflow order by id) from workflow")
        events = await database.fetch_value("select json_agg(job_event order by id) from job_event")
        log = await database.fetch_value("select json_agg(job_log order by job_id, position) from job_log")
        datasets = await database.fetch_value("select json_agg(dataset order by id) from dataset")
        outbox = await database.fetch_value("select json_agg(outbox order by id) from outbox")
        # the same part of a log may lie there twice
        objects = {key: body for key, body in self.store.objects.items() if not key.startswith("jobs/logs/")}
        return jobs, workflows, events, log, datasets, outbox, objects

    async def _events(self, job_id: UUID) -> list[JobEvent]:
        return await JobRepository(self.parts.database).list_events(job_id, after=0)

    async def assert_told_once(self) -> None:
        """Of every attempt, each status at most once, in order, one end, and no event after it."""
        for job in await self.jobs():
            events = await self._events(job.id)
            assert job.status.is_final, f"{job.kind} is {job.status}"
            assert (events[-1].kind, events[-1].data["status"]) == ("status", job.status)
            told = [(event.data["attempt"], event.data["status"]) for event in events if event.kind == "status"]
            assert len(set(told)) == len(told), told
            assert told == sorted(told, key=_order), told
            ends = [status for _, status in told if status in ("failed", "succeeded", "stopped")]
            assert ends == [job.status], told
            await self._assert_passed_on_once(job)

    async def _assert_passed_on_once(self, job: JobRow) -> None:
        """As whoever is to be told of it hears it."""
        passed_on = await self.parts.database.fetch_value(
            "select json_agg(array[payload ->> 'attempt', event] order by id) from outbox where subject = $1",
            f"job:{job.id}",
        )
        assert len({tuple(event) for event in passed_on}) == len(passed_on), passed_on
        assert passed_on[-1] == [str(job.attempt), f"job.{job.status}"]

    async def assert_nothing_twice(self) -> None:
        """No attempt was submitted twice, no dataset was made twice, and after the sweep none lies there unnamed."""
        ids = [submission.id for submission in self.runner.submissions]
        assert len(set(ids)) == len(ids), ids
        made = await self.parts.database.fetch_value("select array_agg(run_id) from dataset where run_id is not null")
        assert len(set(made or [])) == len(made or [])
        await self.parts.database.execute("update unfinished_dataset set began_at = began_at - interval '2 hours'")
        await self.parts.datasets().purge_abandoned()
        folders = await self.parts.database.fetch_value("select array_agg(folder) from dataset")
        stored = {re.sub(r"[^/]*$", "", key) for key in self.store.objects if key.startswith("datasets/")}
        assert stored == set(folders or []), stored.symmetric_difference(folders or [])


def _order(told: tuple[int, str]) -> tuple[int, int]:
    attempt, status = told
    return attempt, STATUSES.index(status) if status in STATUSES else len(STATUSES)


async def run_to_the_end(world: World, scenario: Any, dispatcher: Dispatcher) -> None:
    """Raises Killed where the worker dies."""
    for _ in range(40):
        await world.let_time_pass()
        await scenario.meanwhile(world)
        seen = await dispatcher.turn()
        if seen == 0 and await scenario.is_over(world):
            return
    jobs = [(job.kind, job.status, job.attempt) for job in await world.jobs()]
    raise AssertionError(f"it never ended: {jobs}")
