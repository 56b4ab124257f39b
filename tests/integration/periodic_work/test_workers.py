"""Any number of workers, and each thing is done by one of them at a time."""

import asyncio

import pytest
from tests.integration.periodic_work.conftest import DEADLINE_SECONDS, Gate, seen

from touchstone.errors import Unavailable


async def nothing() -> None:
    return None


async def test_what_is_registered_is_done_at_once_and_then_when_it_is_due(worker, works, make_due):
    one = worker(nothing)
    assert [await one.turn(), await one.turn()] == [1, 0]
    await make_due()
    assert await one.turn() == 1
    assert [run.outcome for run in await works.list_newest_runs("work", before=None, limit=9)] == ["succeeded"] * 2


async def test_two_workers_never_do_it_at_once(worker, works, make_due):
    gate = Gate()
    workers = [worker(gate.work) for _ in range(4)]
    begun = await asyncio.gather(*(one.begin_due() for one in workers))
    assert sum(begun) == 1
    await make_due()
    assert [await one.begin_due() for one in workers] == [0] * 4
    gate.may_end.set()
    await asyncio.gather(*(task for one in workers for task in one.running.values()))
    assert (gate.begun, gate.most_at_once) == (1, 1)
    found = await works.get("work")
    assert not found.is_running
    assert found.last_run is not None
    assert (found.last_run.outcome, found.last_run.detail) == ("succeeded", {"begun": 1})


async def test_the_lease_of_a_killed_worker_is_over_some_time_and_its_run_is_lost(
    worker, works, make_due, outlast_leases
):
    gate = Gate()
    killed = worker(gate.work)
    await killed.begin_due()
    await gate.is_begun.wait()
    for run in killed.running.values():  # dies without a word: nobody records the end
        killed.works.finish_if_leased = _never
        run.cancel()
    await asyncio.gather(*killed.running.values(), return_exceptions=True)
    assert await worker(nothing).turn() == 0
    await outlast_leases()
    other = worker(nothing)
    await other.turn()
    found = await works.get("work")
    assert (found.failures, found.is_running) == (1, False)
    assert found.last_run is not None
    assert (found.last_run.outcome, found.last_run.error) == ("lost", "its worker did not renew its lease")
    await make_due()
    assert await other.turn() == 1
    found = await works.get("work")
    assert found.failures == 0
    newest, before = await works.list_newest_runs("work", before=None, limit=9)
    assert (newest.outcome, before.outcome) == ("succeeded", "lost")


async def _never(*_, **__):
    return False


async def test_a_worker_that_lost_its_lease_stops_and_changes_nothing(worker, works, make_due, outlast_leases):
    gate, other_gate = Gate(), Gate()
    slow = worker(gate.work, lease_seconds=0.4)
    await slow.begin_due()
    await gate.is_begun.wait()
    slow.works.renew_if_leased = _never  # as if it had been asleep
    await outlast_leases()
    other = worker(other_gate.work)
    await other.begin_due()
    await make_due()
    assert await other.begin_due() == 1
    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(*slow.running.values())
    assert gate.at_once == 0
    assert (await works.get("work")).is_running
    other_gate.may_end.set()
    await asyncio.gather(*other.running.values())
    assert [run.outcome for run in await works.list_newest_runs("work", before=None, limit=9)] == ["succeeded", "lost"]


async def test_the_end_of_a_run_that_is_not_leased_any_more_is_refused(worker, works, make_due, outlast_leases):
    one = worker(nothing)
    await one.begin_due()
    await asyncio.gather(*one.running.values())
    await make_due()
    (late,) = await works.claim_due("late", ["work"], 1, 60)
    await outlast_leases()
    await works.take_over_lost("lost")
    await make_due()
    (present,) = await works.claim_due("present", ["work"], 1, 60)
    assert not await works.renew_if_leased(late, 60)
    assert not await works.finish_if_leased(late, "succeeded")
    assert await works.renew_if_leased(present, 60)
    assert await works.finish_if_leased(present, "succeeded")


async def test_a_lease_is_renewed_while_the_work_goes_on(worker, works, database):
    gate = Gate()
    one = worker(gate.work, lease_seconds=0.4)
    await one.begin_due()
    leased_until = "select leased_until from periodic_work"
    first = await database.fetch_value(leased_until)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await database.fetch_value(leased_until) == first:
            await asyncio.sleep(0.02)
    assert await works.take_over_lost("lost") == []
    gate.may_end.set()
    await asyncio.gather(*one.running.values())
    assert (await works.get("work")).last_run.outcome == "succeeded"


@pytest.mark.parametrize(
    ("every_seconds", "failures", "seconds"),
    [
        (5, 0, 5),
        (5, 1, 10),
        (300, 0, 60),
        (300, 3, 480),
        (300, 20, 3600),
        (86_400, 0, 60),
        (86_400, 11, 86_400),
        (1, 1000, 3600),
    ],
)
async def test_failing_work_backs_off_and_is_shown(worker, works, database, make_due, every_seconds, failures, seconds):
    async def fail() -> None:
        raise Unavailable(system="jira", reason="it is away")

    one = worker(fail, every_seconds=every_seconds)
    await works.register(list(one.tasks.values()))
    await database.execute("update periodic_work set failures = $1", failures)
    assert await one.turn() == 1
    found = await works.get("work")
    assert found.failures == failures + 1
    assert found.last_run is not None
    assert (found.last_run.outcome, found.last_run.error) == ("failed", "Upstream error with jira: it is away")
    assert (found.next_at - found.last_run.ended_at).total_seconds() == pytest.approx(seconds)
    assert await one.turn() == 0


async def test_what_runs_when_its_worker_stops_is_begun_anew_by_another(worker, works):
    gate = Gate()
    one = worker(gate.work)
    running = asyncio.create_task(one.run(asyncio.Event()))
    await asyncio.wait_for(gate.is_begun.wait(), DEADLINE_SECONDS)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert gate.at_once == 0
    found = await works.get("work")
    assert (found.last_run.outcome, found.last_run.error, found.failures) == ("lost", "its worker was stopped", 0)
    assert await worker(nothing).turn() == 1


async def test_a_worker_that_is_asked_to_stop_lets_its_work_end(worker, works):
    gate, stop = Gate(), asyncio.Event()
    running = asyncio.create_task(worker(gate.work).run(stop))
    await asyncio.wait_for(gate.is_begun.wait(), DEADLINE_SECONDS)
    stop.set()
    gate.may_end.set()
    await asyncio.wait_for(running, DEADLINE_SECONDS)
    assert (await works.get("work")).last_run.outcome == "succeeded"


async def test_a_running_worker_does_what_is_due_and_what_is_triggered(worker, works):
    stop = asyncio.Event()
    running = asyncio.create_task(worker(nothing).run(stop))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await works.list_all():
            await asyncio.sleep(0.02)
    first = await seen(works, lambda found: found.last_run is not None and found.last_run.outcome is not None)
    assert await works.trigger_if_possible("work", "user:1")
    found = await seen(works, lambda found: found.last_run.id > first.last_run.id and not found.is_running)
    assert found.last_run.triggered_by == "user:1"
    stop.set()
    await running


async def test_one_that_is_not_enabled_is_listed_and_never_done(worker, works, make_due):
    one = worker(nothing, enabled=False)
    assert await one.turn() == 0
    await make_due()
    assert await one.turn() == 0
    assert not (await works.get("work")).is_enabled


async def test_a_shorter_interval_holds_from_the_next_start_on(worker, works):
    await worker(nothing, every_seconds=86_400).turn()
    await worker(nothing, every_seconds=60).turn()
    found = await works.get("work")
    assert found.every_seconds == 60
    assert (found.next_at - found.registered_at).total_seconds() <= 60


async def test_old_runs_go_and_the_newest_stays(worker, works, database):
    await worker(nothing).turn()
    await database.execute(
        """
        insert into periodic_run (name, worker, started_at, ended_at, outcome)
        select 'work', 'w', now() - interval '40 days', now() - interval '40 days', outcome
        from unnest(array['failed', 'lost', 'failed']) as outcome
        union all select 'work', 'w', now(), now(), 'succeeded' from generate_series(1, 5)
        union all select 'work', 'w', now(), now(), 'failed' from generate_series(1, 2)
        """
    )
    assert await works.delete_old_runs(30, 3) == 3 + 3
    left = await works.list_newest_runs("work", before=None, limit=99)
    assert [run.outcome for run in left] == ["failed"] * 2 + ["succeeded"] * 3
    await database.execute("update periodic_run set ended_at = now() - interval '40 days'")
    assert await works.delete_old_runs(30, 3) == 4
    assert [run.id for run in await works.list_newest_runs("work", before=None, limit=9)] == [left[0].id]


async def test_what_nobody_does_any_more_is_forgotten_after_a_long_time(worker, works, database):
    await worker(nothing).turn()
    assert await works.delete_unregistered(90) == 0
    await database.execute("update periodic_work set registered_at = now() - interval '91 days'")
    assert await works.delete_unregistered(90) == 1
    assert await works.list_all() == []
