"""One attempt of a job: what every kind of job has at hand, and how its end is told."""

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from touchstone_jobs import storage
from touchstone_jobs.failures import JobFailure, superseded
from touchstone_jobs.progress import ProgressReport
from touchstone_jobs.redaction import Redactor
from touchstone_jobs.spending import counted_spending
from touchstone_jobs.ticket import fetch_secret
from touchstone_jobs.wire import OUTCOME_FILE, PROGRESS_FILE, DatasetFacts, FailureReason, JobConfig, Outcome

_log = logging.getLogger(__name__)
_LONGEST_MESSAGE = 4000


class Finished(msgspec.Struct):
    """What a kind of job hands back once everything is saved. `metrics` are flat numbers."""

    metrics: dict[str, float] = {}
    dataset: DatasetFacts | None = None


class Attempt:
    """`folder` is a local place for files, emptied at the end; `secret` is the provider's or judge's key, if any."""

    def __init__(self, config: JobConfig, folder: Path, secret: str | None, redactor: Redactor) -> None:
        self.config = config
        self.folder = folder
        self.secret = secret
        self.redactor = redactor
        self.progress = ProgressReport(config.attempt_uri + PROGRESS_FILE)

    def announce(self) -> None:
        """Leaves a mark by which earlier attempts, should one still be running, see that they are over."""
        storage.put(f"{self._marks}{self.config.attempt:06d}", b"")

    def refuse_if_superseded(self) -> None:
        """Raises JobFailure `superseded` when a later attempt has begun."""
        latest = max((int(uri.rpartition("/")[2]) for uri in storage.list_objects(self._marks)), default=0)
        if latest > self.config.attempt:
            raise superseded(self.config.attempt, latest)

    @property
    def _marks(self) -> str:
        return self.config.work_uri + "attempts/"


Program = Callable[[Attempt], Finished]


def run_attempt(config: JobConfig, program: Program, redactor: Redactor) -> bool:
    """Runs the program and writes the outcome, last of all. Answers whether everything went well and was saved."""
    with tempfile.TemporaryDirectory(prefix="touchstone-job-") as folder, counted_spending() as spending:
        outcome = _outcome(config, program, Path(folder), redactor)
    outcome.tokens = spending.tokens
    storage.put(config.attempt_uri + OUTCOME_FILE, msgspec.json.encode(outcome))
    _log.info("Attempt %d of job %s %s", config.attempt, config.job_id, "succeeded" if outcome.succeeded else "failed")
    return outcome.succeeded


def _outcome(config: JobConfig, program: Program, folder: Path, redactor: Redactor) -> Outcome:
    attempt = Attempt(config, folder, None, redactor)
    try:
        attempt.secret = fetch_secret(config.ticket) if config.ticket else None
        redactor.hide(attempt.secret)
        attempt.refuse_if_superseded()
        attempt.announce()
        finished = program(attempt)
    except BaseException as error:  # SystemExit is how a signal to stop arrives: it has an outcome, too
        reason = _reason(error)
        reason.message = redactor.clean(reason.message)[:_LONGEST_MESSAGE]
        _log.error("Job %s failed (%s): %s", config.job_id, reason.code, reason.message)
        return Outcome(attempt=config.attempt, succeeded=False, progress=attempt.progress.now(), failure=reason)
    return Outcome(
        attempt=config.attempt,
        succeeded=True,
        progress=attempt.progress.now(),
        metrics=finished.metrics,
        dataset=finished.dataset,
    )


def _reason(error: BaseException) -> FailureReason:
    if isinstance(error, JobFailure):
        return error.reason
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return FailureReason("stopped", "The attempt was told to stop; what it had finished is kept.")
    if isinstance(error, storage.ObjectMissing):
        return FailureReason("object_missing", f"{error}.")
    if isinstance(error, MemoryError):
        return FailureReason("out_of_memory", "The machine's memory did not suffice.")
    if type(error).__module__.partition(".")[0] in ("botocore", "boto3", "s3transfer"):
        return FailureReason("storage_unavailable", f"The object store failed: {error}")
    _log.error("An error nobody expected", exc_info=error)
    if isinstance(error, OSError):
        return FailureReason("storage_unavailable", f"The object store or the local disk failed: {error}")
    return FailureReason("internal_error", f"{type(error).__name__}: {error}")
