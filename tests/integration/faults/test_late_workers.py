"""A worker stands still just before one of its effects, others do all the work, and it goes on as if nothing were."""

import pytest
from tests.integration.faults.effects import Effects, Moment
from tests.integration.faults.scenarios import (
    AJobTellsItsProgress,
    ALongLogIsArchived,
    ARunningWorkflowIsCancelled,
    AWorkflowSucceeds,
    Scenario,
    TheFirstAttemptCrashes,
    described,
)
from tests.integration.faults.world import World, run_to_the_end

from touchstone.domains.jobs import logs

KINDS = [
    AWorkflowSucceeds,
    TheFirstAttemptCrashes,
    ARunningWorkflowIsCancelled,
    ALongLogIsArchived,
    AJobTellsItsProgress,
]


@pytest.fixture(autouse=True)
def short_logs_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT", 200)


@pytest.mark.parametrize("kind", KINDS, ids=described)
async def test_a_worker_that_comes_late_changes_nothing(world: World, kind: type[Scenario]) -> None:
    effects = Effects()
    await world.begin_anew()
    scenario = kind()
    await scenario.begin(world)
    await run_to_the_end(world, scenario, world.worker(effects))
    for moment in effects.met:
        # the server ends a transaction that stands still
        if not moment.in_transaction:
            try:
                await is_overtaken(world, kind(), moment)
            except BaseException as error:
                error.add_note(f"the worker stood still before effect {moment.number}, {moment.name}")
                raise


async def is_overtaken(world: World, scenario: Scenario, moment: Moment) -> None:
    async def overtake(met: Moment) -> None:
        if met.number == moment.number:
            assert met == moment
            await run_to_the_end(world, scenario, world.parts.dispatcher())
            before.append(await world.everything())

    before: list[object] = []
    await world.begin_anew()
    await scenario.begin(world)
    await run_to_the_end(world, scenario, world.worker(Effects(on_each=overtake)))
    assert [await world.everything()] == before
    await scenario.check(world)
