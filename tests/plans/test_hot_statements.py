"""Whatever is asked often looks at about as many rows as it answers, however many there are."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.plans.measuring import Recorder, touched

from touchstone.database.executor import Executor
from touchstone.domains.datasets.repository import DatasetRepository
from touchstone.domains.experiments.repository import ExperimentRepository
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.repository import IdempotentRequestRepository
from touchstone.domains.jobs.log_repository import JobLogRepository
from touchstone.domains.jobs.repository import JobRepository
from touchstone.domains.limits.model import Limit
from touchstone.domains.limits.repository import RateAllowanceRepository, UsageRepository
from touchstone.domains.workflows.repository import WorkflowRepository

PAGE = {"skip": 0, "limit": 100}
# what a user of two teams sees
VIEWER = ["user:3", "team:5", "team:6"]
OWNER = "user:3"
# a statement is planned anew for its values five times, then Postgres may keep one plan for all values
EXECUTIONS_UNTIL_CACHED = 8
# rows that the planner itself may look at, for the least and the largest value of a column
PLANNERS_OWN = 10


def dataset_number(number: int) -> UUID:
    return UUID(f"00000000-0000-4000-8000-{number:012x}")


def workflow_number(number: int) -> UUID:
    return UUID(f"00000000-0000-4000-9000-{number:012x}")


def job_number(number: int) -> UUID:
    return UUID(f"00000000-0000-4000-a000-{number:012x}")


def minute(number: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)


class Hot(msgspec.Struct, frozen=True):
    """`most` rows may be looked at, `least` must be answered."""

    ask: Callable[[Executor], Awaitable[Any]]
    most: int
    least: int = 1


def jobs_page(kinds: list[str], number: int | None = None) -> Callable[[Executor], Awaitable[Any]]:
    before = None if number is None else (minute(number), job_number(number))
    return lambda executor: JobRepository(executor).list_newest(kinds, VIEWER, **PAGE, before=before)


def workflows_page(number: int | None = None) -> Callable[[Executor], Awaitable[Any]]:
    before = None if number is None else (minute(number), workflow_number(number))
    return lambda executor: WorkflowRepository(executor).list_newest(VIEWER, **PAGE, before=before)


def experiments_page(number: int | None = None) -> Callable[[Executor], Awaitable[Any]]:
    before = None if number is None else (minute(number), number)
    return lambda executor: ExperimentRepository(executor).list_newest(VIEWER, **PAGE, before=before)


def datasets_page(number: int | None = None) -> Callable[[Executor], Awaitable[Any]]:
    after = None if number is None else (minute(number), dataset_number(number))
    return lambda executor: DatasetRepository(executor).list_oldest(VIEWER, **PAGE, after=after)


CALL = IdempotentCall(caller="somebody", route="POST /api/v1/jobs/inference", key="key 5000", body_digest=b"\x00")

# a page joins each of its rows to a dataset, or to two jobs
HOT = {
    "the newest jobs": Hot(jobs_page([]), 200, least=100),
    "the newest jobs of a frequent kind": Hot(jobs_page(["inference"]), 350, least=100),
    "the newest jobs of a rare kind": Hot(jobs_page(["annotate"]), 350, least=100),
    "the newest jobs of two kinds": Hot(jobs_page(["annotate", "evaluator"]), 350, least=100),
    "jobs of a kind that is none": Hot(jobs_page(["nonsense"]), 0, least=0),
    "a late page of jobs": Hot(jobs_page([], 3000), 200, least=100),
    "a late page of jobs of a kind": Hot(jobs_page(["inference"], 3000), 350, least=100),
    "one job": Hot(lambda e: JobRepository(e).get(job_number(12345), VIEWER), 2),
    "jobs by their ids": Hot(
        lambda e: JobRepository(e).list_by_id([job_number(n) for n in range(1, 17)]), 32, least=16
    ),
    "submitted jobs that are due": Hot(lambda e: JobRepository(e).claim_submitted("a worker", 60, 16), 120, least=16),
    "events of a job": Hot(lambda e: JobRepository(e).list_events(job_number(100), after=0), 10),
    "late events of a talkative job": Hot(lambda e: JobRepository(e).list_events(job_number(19451), after=49_900), 100),
    "the log of a job": Hot(lambda e: JobLogRepository(e).list_from(job_number(100), 0), 3),
    "the end of a long log": Hot(lambda e: JobLogRepository(e).list_from(job_number(19451), 4_998_500), 4, least=2),
    "nothing new in a long log": Hot(lambda e: JobLogRepository(e).list_from(job_number(19451), 5_000_000), 4, least=0),
    "the newest workflows": Hot(workflows_page(), 310, least=100),
    "a late page of workflows": Hot(workflows_page(500), 310, least=100),
    "one workflow": Hot(lambda e: WorkflowRepository(e).get(workflow_number(777), VIEWER), 3),
    "workflows of a page of experiments": Hot(
        lambda e: WorkflowRepository(e).list_of_experiments(list(range(501, 601)), VIEWER), 1600, least=400
    ),
    "the newest experiments": Hot(experiments_page(), 110, least=100),
    "a late page of experiments": Hot(experiments_page(300), 110, least=100),
    "the oldest datasets": Hot(datasets_page(), 110, least=100),
    "a late page of datasets": Hot(datasets_page(3000), 110, least=100),
    "one dataset": Hot(lambda e: DatasetRepository(e).get(dataset_number(1234), VIEWER), 1),
    "the dataset that a job made": Hot(
        lambda e: DatasetRepository(e).find_by_run(job_number(1234), VIEWER), 1, least=0
    ),
    "who uses a dataset": Hot(lambda e: DatasetRepository(e).list_users(dataset_number(4998), VIEWER), 20),
    "datasets to purge": Hot(lambda e: DatasetRepository(e).list_to_purge(), 20),
    "what an owner of nothing uses": Hot(lambda e: UsageRepository(e).of_jobs("user:99"), 1),
    "what an owner of little uses": Hot(lambda e: UsageRepository(e).of_jobs(OWNER), 20),
    "what an owner of little stores": Hot(lambda e: UsageRepository(e).stored_bytes(OWNER), 20),
    "a lease of requests": Hot(lambda e: RateAllowanceRepository(e).lease(OWNER, Limit("principal", 100), 5), 2),
    "the answer to an earlier call": Hot(lambda e: IdempotentRequestRepository(e).find(CALL), 1),
}


@pytest.mark.parametrize("name", HOT)
async def test_reads_about_as_many_rows_as_it_answers(recorder: Recorder, name: str) -> None:
    hot = HOT[name]
    answer = await hot.ask(recorder)
    assert (len(answer) if isinstance(answer, list) else 1) >= hot.least
    plans = recorder.plans
    assert [plan.scanned for plan in plans] == [set()] * len(plans)
    assert sum(plan.rows for plan in plans) <= hot.most


@pytest.mark.parametrize("name", HOT)
async def test_still_does_when_the_plan_is_kept(recorder: Recorder, name: str) -> None:
    hot, transaction = HOT[name], recorder.transaction
    for _ in range(EXECUTIONS_UNTIL_CACHED):
        await hot.ask(transaction)
    before = await touched(transaction)
    await hot.ask(transaction)
    after = await touched(transaction)
    assert after.sequential_scans == before.sequential_scans
    assert after.rows - before.rows <= hot.most + PLANNERS_OWN
