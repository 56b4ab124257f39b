"""Ten thousand workflows of one experiment wait, while others wait too."""

import pytest
from tests.plans.measuring import Recorder

from touchstone.domains.jobs.repository import JobRepository

WAITING = 10_000
# seed.sql leaves a hundred jobs submitted, and five hundred waiting that belong to no experiment
SUBMITTED, WAITING_ALONE = 100, 500

CROWD = """
    with joined as (
        insert into workflow (id, experiment_id, name, description, model, provider, system_prompt, request, created_at)
        select gen_random_uuid(), 777, 'one of many', '', 'lead-1', 'baseline', '', '{}', minute(number)
        from generate_series(1, 10000) as number returning id, created_at
    )
    insert into job (id, kind, name, description, dataset_id, workflow_id, step, max_samples, batch_size, config,
        timeout_seconds, created_at)
    select gen_random_uuid(), 'inference', 'one of many', '', dataset_number(1), id, 'inference', -1, 1,
        jsonb_build_object('model', 'lead-1', 'system_prompt', repeat('words ', 50)), 3600, created_at
    from joined
"""


@pytest.fixture(params=["before the tables are analyzed", "after the tables were analyzed"])
async def crowded_queue(recorder: Recorder, request: pytest.FixtureRequest) -> Recorder:
    await recorder.transaction.connection.execute(CROWD)
    if request.param.startswith("after"):
        await recorder.transaction.connection.execute("analyze job; analyze workflow")
    return recorder


async def test_a_full_cluster_costs_a_look_at_what_is_submitted(crowded_queue: Recorder) -> None:
    assert await JobRepository(crowded_queue).claim_created("a worker", 60, SUBMITTED) == []
    assert sum(plan.rows for plan in crowded_queue.plans) <= 3 * SUBMITTED
    assert not any(plan.scanned for plan in crowded_queue.plans)


async def test_choosing_costs_no_more_than_a_look_at_what_waits(crowded_queue: Recorder) -> None:
    claimed = await JobRepository(crowded_queue).claim_created("a worker", 60, SUBMITTED + 20)
    assert len(claimed) == 20
    assert sum(plan.rows for plan in crowded_queue.plans) <= 3 * (WAITING + WAITING_ALONE)
    assert not any("job" in plan.scanned for plan in crowded_queue.plans)


async def test_submitted_jobs_are_found_among_those_that_wait(crowded_queue: Recorder) -> None:
    claimed = await JobRepository(crowded_queue).claim_submitted("a worker", 60, 16)
    assert {job.status for job in claimed} <= {"pending", "running"} and len(claimed) == 16
    assert sum(plan.rows for plan in crowded_queue.plans) <= 200
