"""What an attempt's end means for its job."""

import msgspec

from touchstone.adapters.runner import Run, RunStatus
from touchstone.domains.jobs.model import STOP_WORDS, FailureReason, JobRow, JobStatus
from touchstone_jobs import wire

# what an attempt may fail of through no fault of its job: another attempt may well succeed
TRANSIENT = frozenset({"stopped", "storage_unavailable", "superseded", "secret_unreachable", "cluster_unavailable"})


class Verdict(msgspec.Struct, frozen=True):
    """What an attempt's end means for its job. With `is_quiet` nothing else follows from it."""

    status: JobStatus
    failure: FailureReason | None = None
    is_lost: bool = False
    is_quiet: bool = False


def judge(job: JobRow, run: Run | None, outcome: wire.Outcome | None) -> Verdict:
    """The true end, from what the runner says and what the attempt left behind; either may be missing."""
    if outcome is not None and outcome.succeeded and (run is None or run.status is not RunStatus.FAILED):
        return Verdict(JobStatus.SUCCEEDED)
    if job.stop_reason is not None:
        return Verdict(JobStatus.STOPPED, FailureReason(code=job.stop_reason, message=STOP_WORDS[job.stop_reason]))
    if outcome is not None and outcome.failure is not None and outcome.failure.code not in TRANSIENT:
        return Verdict(JobStatus.FAILED, outcome.failure)
    if run is None:
        lost = FailureReason(code="lost", message="The cluster does not know the job any more.")
        return Verdict(JobStatus.FAILED, lost, is_lost=True)
    if run.status is RunStatus.STOPPED:
        return Verdict(JobStatus.STOPPED, FailureReason(code="stopped", message="It was stopped on the cluster."))
    if run.status is RunStatus.SUCCEEDED:
        return Verdict(
            JobStatus.FAILED, FailureReason(code="results_missing", message="It ended well, but left no results.")
        )
    if outcome is not None and outcome.failure is not None:
        return Verdict(JobStatus.FAILED, outcome.failure, is_lost=True)
    message = run.message or "The job's program ended without saying why."
    return Verdict(JobStatus.FAILED, FailureReason(code="crashed", message=message[:2000]), is_lost=True)
