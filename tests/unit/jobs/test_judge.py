"""What an attempt's end means for its job."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from touchstone.adapters.runner import Run, RunStatus
from touchstone.domains.jobs.attempts import without_nul
from touchstone.domains.jobs.model import FailureReason, JobKind, JobRow, JobStatus
from touchstone.domains.jobs.verdicts import TRANSIENT, judge
from touchstone_jobs.wire import Outcome, Progress

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
WELL = Outcome(attempt=1, succeeded=True, progress=Progress())


def job(**changes: Any) -> JobRow:
    fields: dict[str, Any] = dict.fromkeys(JobRow.__struct_fields__)
    basis = {
        "id": UUID(int=1),
        "kind": JobKind.INFERENCE,
        "status": JobStatus.RUNNING,
        "attempt": 1,
        "failures": 0,
        "config": {},
        "created_at": NOW,
        "is_overdue": False,
        "broken_looks": 0,
    }
    return JobRow(**{**fields, **basis, **changes})


def run(status: RunStatus, message: str | None = None) -> Run:
    return Run(id="1-1", status=status, message=message)


def badly(code: str) -> Outcome:
    return Outcome(attempt=1, succeeded=False, progress=Progress(), failure=FailureReason(code=code, message="Why."))


S, F, X = RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.STOPPED
CASES = [
    # run, outcome, stop reason -> status, code, is lost
    (S, WELL, None, "succeeded", None, False),
    (X, WELL, None, "succeeded", None, False),
    (None, WELL, None, "succeeded", None, False),
    (S, WELL, "cancelled", "succeeded", None, False),
    (F, WELL, None, "failed", "crashed", True),
    (S, None, None, "failed", "results_missing", False),
    (F, None, None, "failed", "crashed", True),
    (None, None, None, "failed", "lost", True),
    (X, None, None, "stopped", "stopped", False),
    (X, None, "cancelled", "stopped", "cancelled", False),
    (F, None, "timeout", "stopped", "timeout", False),
    (None, None, "workflow", "stopped", "workflow", False),
    (F, badly("bad_dataset"), None, "failed", "bad_dataset", False),
    (S, badly("bad_dataset"), None, "failed", "bad_dataset", False),
    (None, badly("bad_dataset"), None, "failed", "bad_dataset", False),
    (F, badly("bad_dataset"), "cancelled", "stopped", "cancelled", False),
    *((F, badly(code), None, "failed", code, True) for code in sorted(TRANSIENT)),
    (None, badly("storage_unavailable"), None, "failed", "lost", True),
]


@pytest.mark.parametrize(("status", "outcome", "stop", "becomes", "code", "lost"), CASES)
def test_the_end_of_a_job_follows_from_run_outcome_and_stop(status, outcome, stop, becomes, code, lost):
    verdict = judge(job(stop_reason=stop), run(status) if status else None, outcome)
    assert (verdict.status, verdict.failure.code if verdict.failure else None, verdict.is_lost) == (becomes, code, lost)


def test_a_crash_is_told_in_the_words_of_the_cluster_bounded():
    verdict = judge(job(), run(F, "x" * 5000), None)
    assert verdict.failure and verdict.failure.message == "x" * 2000
    silent = judge(job(), run(F), None)
    assert silent.failure and silent.failure.message


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        (r"a\u0000b", r"a\u0000b"),
        ("\\\x00", "\\\ufffd"),
        ("\x00\x00", "\ufffd\ufffd"),
        ("é", "é"),
    ],
)
def test_a_nul_is_replaced_and_nothing_else(told, kept):
    assert without_nul(run(F, told)).message == kept
