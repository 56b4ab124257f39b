"""What may happen to jobs and workflows, each told so that it can be taken up at any point."""

from uuid import UUID

import msgspec
from tests.fakes.runner import Fate
from tests.integration.faults.world import World

from touchstone.adapters.runner import Submission
from touchstone.errors import Refused
from touchstone_jobs.wire import OUTCOME_FILE, PROGRESS_FILE, Outcome, Progress

LINES = "".join(f"line {number} of a long log\n" for number in range(40))


class Scenario:
    """`begin` is done once; `meanwhile` before every turn, whoever makes it, so it goes by what it finds."""

    workflow_id: UUID
    statuses: tuple[str, ...] = ("succeeded", "succeeded")
    attempts: tuple[int, ...] = (1, 1)
    workflow_status: str | None = "succeeded"

    @property
    def name(self) -> str:
        return type(self).__name__

    async def begin(self, world: World) -> None:
        self.workflow_id = await world.workflow()

    async def meanwhile(self, world: World) -> None:
        """Nothing but the worker moves."""

    async def is_over(self, world: World) -> bool:
        return all(job.status.is_final for job in await world.jobs())

    async def check(self, world: World) -> None:
        jobs = await world.jobs()
        assert tuple(job.status for job in jobs) == self.statuses
        assert tuple(job.attempt for job in jobs) == self.attempts
        await world.assert_told_once()
        await world.assert_nothing_twice()
        if self.workflow_status is not None:
            details = await world.get(f"workflows/{self.workflow_id}")
            assert details["status"] == self.workflow_status
        if self.workflow_status == "succeeded":
            await self._check_results(world)

    async def _check_results(self, world: World) -> None:
        inference, evaluation = await world.jobs()
        for job in (inference, evaluation):
            assert job.results_key in world.store.objects
            assert job.progress is not None and job.progress.done == 2
            log = (await world.get(f"jobs/{job.id}/logs"))["logs"]
            assert log.endswith(f"Attempt {job.attempt} of job {job.id} begins\n")
            assert log.count("begins") <= job.attempt
        assert evaluation.dataset_id == UUID((await world.get(f"jobs/{inference.id}/dataset"))["id"])
        details = await world.get(f"workflows/{self.workflow_id}")
        assert details["metrics"]["rouge_rouge1_mean"] == 0.5
        assert f"workflows/results/{self.workflow_id.hex}/compiled.json" in world.store.objects


class AWorkflowSucceeds(Scenario):
    pass


class AnInferenceFails(Scenario):
    statuses, attempts, workflow_status = ("failed",), (1,), "failed"

    async def begin(self, world: World) -> None:
        self.workflow_id = await world.workflow(name="fail")


class TheClusterForgetsTheFirstAttempt(Scenario):
    statuses, attempts, workflow_status = ("succeeded",), (2,), None

    async def begin(self, world: World) -> None:
        await world.job(store_to_dataset=True)

    async def meanwhile(self, world: World) -> None:
        job = (await world.jobs())[0]
        if job.attempt == 1 and job.status == "running" and job.submission_id in world.runner.runs:
            world.runner.lose(job.submission_id)

    async def check(self, world: World) -> None:
        await super().check(world)
        assert (await world.get(f"jobs/{(await world.jobs())[0].id}/dataset"))["row_count"] == 2


class TheFirstAttemptCrashes(TheClusterForgetsTheFirstAttempt):
    """When it has stored all but the word that it ended well."""

    async def begin(self, world: World) -> None:
        await world.job(store_to_dataset=True)
        usual = world.runner.work

        async def crash_at_first(submission: Submission) -> None:
            await usual(submission)
            if submission.id.endswith("-1"):
                del world.store.objects[f"jobs/work/{submission.id[:-2]}/1/{OUTCOME_FILE}"]
                raise MemoryError

        world.runner.work = crash_at_first

    async def meanwhile(self, world: World) -> None:
        """The work sees to it."""


class ARunningWorkflowIsCancelled(Scenario):
    statuses, attempts, workflow_status = ("stopped",), (1,), "failed"

    async def begin(self, world: World) -> None:
        self.workflow_id = await world.workflow(name="a slow one")

    async def meanwhile(self, world: World) -> None:
        job = (await world.jobs())[0]
        if job.status == "running" and job.stop_reason is None:
            await world.post(f"workflows/{self.workflow_id}/cancel")


class AWaitingWorkflowIsCancelled(Scenario):
    statuses, attempts, workflow_status = ("stopped",), (1,), "failed"

    async def begin(self, world: World) -> None:
        self.workflow_id = await world.workflow()
        await world.post(f"workflows/{self.workflow_id}/cancel")

    async def check(self, world: World) -> None:
        await super().check(world)
        assert world.runner.submissions == []


class AJobTakesTooLong(Scenario):
    statuses, attempts, workflow_status = ("stopped",), (1,), None

    async def begin(self, world: World) -> None:
        await world.job(name="a slow one", job_timeout_sec=5)

    async def meanwhile(self, world: World) -> None:
        await world.parts.database.execute(
            "update job set submitted_at = submitted_at - interval '1 hour' where status = 'running'"
        )

    async def check(self, world: World) -> None:
        await super().check(world)
        failure = (await world.jobs())[0].failure_reason
        assert failure is not None and failure.code == "timeout"


class ASubmissionIsRefused(Scenario):
    statuses, attempts, workflow_status = ("failed",), (1,), "failed"

    async def begin(self, world: World) -> None:
        self.workflow_id = await world.workflow()

        async def refuse(_: Submission) -> Fate:
            raise Refused

        world.runner.script = refuse


class TheServiceItselfCannotSubmit(ASubmissionIsRefused):
    """An error of its own, at every look."""

    async def begin(self, world: World) -> None:
        self.workflow_id = await world.workflow()

        async def stumble(_: Submission) -> Fate:
            raise KeyError

        world.runner.script = stumble


class ALongLogIsArchived(Scenario):
    """The tests make logs long that are a few hundred characters."""

    statuses, attempts, workflow_status = ("succeeded",), (1,), None

    async def begin(self, world: World) -> None:
        await world.job()

        async def long(_: Submission) -> Fate:
            return Fate(looks_running=6)

        world.runner.script = long

    async def meanwhile(self, world: World) -> None:
        for run in world.runner.runs.values():
            if run.status == "running" and len(run.printed) < len(LINES):
                run.printed = LINES[: len(run.printed) + 300]

    async def check(self, world: World) -> None:
        await super().check(world)
        job = (await world.jobs())[0]
        printed = world.runner.runs[job.submission_id].printed
        assert job.log_archived > 0
        assert (await world.get(f"jobs/{job.id}/logs"))["logs"] == printed


class AJobTellsItsProgress(Scenario):
    statuses, attempts, workflow_status = ("succeeded",), (1,), None

    async def begin(self, world: World) -> None:
        await world.job()

        async def takes_its_time(_: Submission) -> Fate:
            return Fate(looks_running=2)

        world.runner.script = takes_its_time

    async def meanwhile(self, world: World) -> None:
        for submission_id, run in world.runner.runs.items():
            if run.status == "running":
                key = f"jobs/work/{submission_id[:-2]}/{submission_id[-1]}/{PROGRESS_FILE}"
                await world.store.put(key, msgspec.json.encode(Progress(done=1, total=2)))

    async def check(self, world: World) -> None:
        await super().check(world)
        told = await world.parts.database.fetch_value("select count(*) from job_event where kind = 'progress'")
        assert told <= 1
        progress = (await world.jobs())[0].progress
        assert progress is not None and progress.done == 2


class AnInferenceLeavesNoDataset(Scenario):
    """As no cluster code of ours does."""

    statuses, attempts, workflow_status = ("succeeded",), (1,), "failed"

    async def begin(self, world: World) -> None:
        self.workflow_id = await world.workflow()
        usual = world.runner.work

        async def forget_the_dataset(submission: Submission) -> None:
            await usual(submission)
            objects = world.store.objects
            key = next(key for key in objects if key.endswith(OUTCOME_FILE))
            outcome = msgspec.json.decode(objects[key], type=Outcome)
            objects[key] = msgspec.json.encode(msgspec.structs.replace(outcome, dataset=None))
            for made in [key for key in objects if "predictions" in key]:
                del objects[made]

        world.runner.work = forget_the_dataset


SCENARIOS: list[type[Scenario]] = [
    AWorkflowSucceeds,
    AnInferenceFails,
    TheClusterForgetsTheFirstAttempt,
    TheFirstAttemptCrashes,
    ARunningWorkflowIsCancelled,
    AWaitingWorkflowIsCancelled,
    AJobTakesTooLong,
    ASubmissionIsRefused,
    TheServiceItselfCannotSubmit,
    ALongLogIsArchived,
    AJobTellsItsProgress,
    AnInferenceLeavesNoDataset,
]


def described(scenario: type[Scenario]) -> str:
    return scenario.__name__
