"""One look at one job: submit it, follow it, take its end in. Each step may be repeated by anyone at any time."""

import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import structlog

from touchstone.adapters.object_store import ObjectNotFound, ObjectStore
from touchstone.adapters.runner import Run, Runner, Submission
from touchstone.adapters.vault import Vault
from touchstone.database.executor import Database, Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.datasets.repository import DatasetRepository, NewDatasetRow
from touchstone.domains.datasets.unfinished_repository import UnfinishedDatasetRepository
from touchstone.domains.jobs.belonging_repository import JobBelongingRepository
from touchstone.domains.jobs.kinds import (
    COMPILED_FILE,
    RESULTS_FILE,
    SCORES_FILE,
    AttemptPlaces,
    Layout,
    attempt_config,
    target_dataset,
)
from touchstone.domains.jobs.logs import JobLogs
from touchstone.domains.jobs.model import FailureReason, JobKind, JobRow, JobStatus, Progress
from touchstone.domains.jobs.news import tell
from touchstone.domains.jobs.repository import JobRepository
from touchstone.domains.jobs.service import ticket_subject
from touchstone.domains.jobs.verdicts import Verdict, judge
from touchstone.errors import Refused, Unavailable
from touchstone_jobs import wire

log: Any = structlog.get_logger("touchstone.jobs")

T = TypeVar("T")
OnFinished = Callable[[Transaction, JobRow], Awaitable[None]]


# no provider serves so many to one job: whoever counts more does not count what was spent
MOST_TOKENS = 10**12


class Attempts:
    """Steps of the dispatcher. Network calls stand outside transactions; every write is guarded by the attempt."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        runner: Runner,
        vault: Vault,
        layout: Layout,
        *,
        callback_url: str,
        most_attempts: int,
        num_gpus: float = 0.0,
        on_finished: OnFinished,
    ) -> None:
        self.database = database
        self.jobs = JobRepository(database)
        self.logs = JobLogs(database, store)
        self.store = store
        self.runner = runner
        self.vault = vault
        self.places = AttemptPlaces(layout=layout, uri=store.uri, num_gpus=num_gpus)
        self.layout = layout
        self.callback_url = callback_url
        self.most_attempts = most_attempts
        self.on_finished = on_finished

    async def submit(self, job: JobRow) -> None:
        """Hands the attempt to the runner, unless it is there already."""
        is_there = await self.runner.look(job.submission_id) is not None
        if job.stop_reason is not None and not is_there:
            await self._finish(job, judge(job, None, None), None, None)
            return
        if not is_there:
            try:
                await self._hand_over(job)
            except Refused as refusal:
                failure = FailureReason(code="submission_refused", message=str(refusal))
                await self._finish(job, Verdict(JobStatus.FAILED, failure), None, None)
                return
        async with self.database.transaction() as transaction:
            if await JobRepository(transaction).mark_pending_if_created(job.id, job.attempt):
                await tell(transaction, job.id)

    async def follow(self, job: JobRow) -> None:
        """Takes in what is new; at the end of the run, everything."""
        if job.is_overdue and job.stop_reason is None:
            await self.jobs.request_stop_unless_final([job.id], "timeout", of_attempt=job.attempt)
            late, job = job, await self.jobs.get(job.id, EVERYTHING)
            if job.attempt != late.attempt or job.status.is_final:
                return
        if job.stop_reason is not None:
            await self.runner.stop(job.submission_id)
        run = without_nul(await self.runner.look(job.submission_id))
        if run is not None:
            await self._take_log(job)
        if run is None or run.status.is_final:
            await self._settle(job, run)
            return
        async with self.database.transaction() as transaction:
            if await JobRepository(transaction).note_run_if_active(job.id, job.attempt, run):
                await tell(transaction, job.id)
        progress = await self._read(job, wire.PROGRESS_FILE, wire.Progress)
        if progress is not None:
            await self.jobs.note_progress_if_active(job.id, job.attempt, progress)

    async def give_up(self, job: JobRow, error: Exception) -> None:
        """The end of a job whose looks keep failing for no reason that we foresaw; its run is stopped if it can be."""
        try:
            await self.runner.stop(job.submission_id)
        except Unavailable:
            raise
        except Exception:
            log.exception("a run could not be stopped", job_id=str(job.id))
        message = f"The service met an error of its own ({type(error).__name__}) at every look at the job; see its log."
        failure = FailureReason(code="service_error", message=message)
        try:
            await self._finish(job, Verdict(JobStatus.FAILED, failure), None, None)
        except Unavailable:
            raise
        except Exception:
            log.exception("nothing follows from the end of a job", job_id=str(job.id))
            await self._finish(job, Verdict(JobStatus.FAILED, failure, is_quiet=True), None, None)

    async def _hand_over(self, job: JobRow) -> None:
        config = attempt_config(job, self.places, ticket=self._ticket(job))
        key = self.layout.attempt(job.id, job.attempt) + wire.CONFIG_FILE
        await self.store.put(key, msgspec.json.encode(config), content_type="application/json")
        metadata = {"job_type": job.kind.value, "job_id": str(job.id), "name": job.name}
        submission = Submission(id=job.submission_id, config_uri=self.store.uri(key), metadata=metadata)
        await self.runner.submit(submission)

    def _ticket(self, job: JobRow) -> wire.Ticket | None:
        if not job.config.get("secret_key_name"):
            return None
        url = f"{self.callback_url}/api/v1/jobs/{job.id}/attempts/{job.attempt}/secret"
        return wire.Ticket(url=url, token=self.vault.ticket(ticket_subject(job.id, job.attempt)))

    async def _take_log(self, job: JobRow) -> None:
        await self.logs.append(job, (await self.runner.logs(job.submission_id)).replace("\x00", "\ufffd"))

    async def _settle(self, job: JobRow, run: Run | None) -> None:
        outcome = await self._read(job, wire.OUTCOME_FILE, wire.Outcome)
        verdict = judge(job, run, outcome)
        if verdict.is_lost and verdict.failure and job.failures + 1 < self.most_attempts:
            wait_seconds = 2.0 ** min(job.failures, 6)
            await self._requeue(job, verdict.failure, wait_seconds, outcome)
        else:
            await self._finish(job, verdict, run, outcome)

    async def _requeue(
        self, job: JobRow, failure: FailureReason, wait_seconds: float, outcome: wire.Outcome | None
    ) -> None:
        async with self.database.transaction() as transaction:
            if await JobRepository(transaction).requeue_if_active(job.id, job.attempt, failure, wait_seconds):
                await self._note_unfinished(transaction, job)
                await _add_spent(transaction, job, outcome)
                await tell(transaction, job.id, "requeued")

    async def _finish(self, job: JobRow, verdict: Verdict, run: Run | None, outcome: wire.Outcome | None) -> None:
        """The results go to their place first; rows of job, dataset and workflow then change together."""
        key = await self._publish(job) if verdict.status is JobStatus.SUCCEEDED else None
        async with self.database.transaction() as transaction:
            jobs = JobRepository(transaction)
            await jobs.lock_workflow_of(job.id)
            finished = await jobs.finish_if_active(
                job.id,
                job.attempt,
                verdict.status,
                run=run,
                progress=_progress(outcome),
                metrics=outcome.metrics if outcome else None,
                results_key=key,
                failure=verdict.failure,
            )
            if finished and not verdict.is_quiet:
                await self._follow_up(transaction, job, verdict, outcome)
        if finished:
            log.info("job ended", job_id=str(job.id), status=verdict.status, attempt=job.attempt)

    async def _follow_up(
        self, transaction: Transaction, job: JobRow, verdict: Verdict, outcome: wire.Outcome | None
    ) -> None:
        if verdict.status is not JobStatus.SUCCEEDED:
            await self._note_unfinished(transaction, job)
        elif outcome is not None:
            await self._register_dataset(transaction, job, outcome)
        await _add_spent(transaction, job, outcome)
        await tell(transaction, job.id)
        await self.on_finished(transaction, await JobRepository(transaction).get(job.id, EVERYTHING))

    async def _publish(self, job: JobRow) -> str | None:
        """An attempt writes below its own folder only, so that one that is late replaces nothing."""
        if not await self.jobs.is_active(job.id, job.attempt):
            return None
        attempt, key = self.layout.attempt(job.id, job.attempt), self.layout.results(job.id, job.name)
        if job.workflow_id is not None:
            await self._copied(attempt + COMPILED_FILE, self.layout.compiled(job.workflow_id))
        if job.kind is JobKind.EVALUATOR:
            await self._copied(attempt + SCORES_FILE, self.layout.scores(job.id, job.name))
        return key if await self._copied(attempt + RESULTS_FILE, key) else None

    async def _copied(self, source: str, target: str) -> bool:
        try:
            await self.store.copy(source, target)
        except ObjectNotFound:
            return False
        return True

    async def _register_dataset(self, transaction: Transaction, job: JobRow, outcome: wire.Outcome) -> None:
        target, facts = target_dataset(job, self.layout), outcome.dataset
        if target is None or facts is None:
            return
        source = await DatasetRepository(transaction).find_stored(job.dataset_id, EVERYTHING)
        new = NewDatasetRow(
            id=target[0],
            filename=target[1],
            folder=target[2],
            facts=facts,
            run_id=job.id,
            generated=True if job.step is None else bool(source and source.generated),
            generated_by=job.config["model"],
        )
        await DatasetRepository(transaction).insert(new)

    async def _note_unfinished(self, transaction: Transaction, job: JobRow) -> None:
        """The attempt may have stored a dataset, or a part of one, which nobody will ask for."""
        if target := target_dataset(job, self.layout):
            await UnfinishedDatasetRepository(transaction).insert(target[2])

    async def _read(self, job: JobRow, name: str, kind: type[Any]) -> Any:
        try:
            body = await self.store.get(self.layout.attempt(job.id, job.attempt) + name)
        except ObjectNotFound:
            return None
        try:
            return _decoder(kind).decode(_NUL.sub(_REPLACED, body))
        except msgspec.DecodeError:
            log.warning("unreadable object of an attempt", job_id=str(job.id), attempt=job.attempt, name=name)
            return None


async def _add_spent(transaction: Transaction, job: JobRow, outcome: wire.Outcome | None) -> None:
    if outcome is not None and outcome.tokens > 0:
        await JobBelongingRepository(transaction).add_spent(job.id, min(outcome.tokens, MOST_TOKENS))


# in JSON: an escaped NUL whose backslash is not itself escaped
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_REPLACED = rb"\1\\ufffd"


def without_nul(value: T) -> T:
    """Programs print it, Postgres keeps none."""
    body = msgspec.json.encode(value)
    return msgspec.json.decode(_NUL.sub(_REPLACED, body), type=type(value)) if b"\\u0000" in body else value


@functools.cache
def _decoder(kind: type[Any]) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)


def _progress(outcome: wire.Outcome | None) -> Progress | None:
    return outcome.progress if outcome else None
