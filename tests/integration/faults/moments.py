"""At which moments something may befall a worker, so that each matters."""

from typing import Any, NamedTuple

from tests.integration.faults.effects import Effects, Moment
from tests.integration.faults.scenarios import AWorkflowSucceeds, Scenario
from tests.integration.faults.world import World, run_to_the_end


class Situation(NamedTuple):
    """A worker that is at the same effect, coming from the same one, while the rows say the same, is where it was."""

    before: str
    effect: str
    state: tuple[Any, ...]


async def undisturbed(world: World, scenario: Scenario) -> dict[Situation, Moment]:
    """Every effect of a run in which nobody dies; what the worker does again in the same situation counts once."""
    found: dict[Situation, Moment] = {}
    names = [""]

    async def note(moment: Moment) -> None:
        found.setdefault(Situation(names[-1], moment.name, await world.state()), moment)
        names.append(moment.name)

    await world.begin_anew()
    await scenario.begin(world)
    await run_to_the_end(world, scenario, world.worker(Effects(on_each=note)))
    await scenario.check(world)
    return found


async def moments_of_its_own(world: World, kind: type[Scenario]) -> list[Moment]:
    """Those that the ordinary way of a workflow does not have."""
    own = await undisturbed(world, kind())
    ordinary = {} if kind is AWorkflowSucceeds else await undisturbed(world, AWorkflowSucceeds())
    return [moment for situation, moment in own.items() if situation not in ordinary]
