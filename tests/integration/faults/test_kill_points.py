"""A worker dies just before and just after every effect that it has; another one takes over."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.faults.effects import Effects, Killed, Moment, Side
from tests.integration.faults.kill_points import KILL_POINTS
from tests.integration.faults.moments import moments_of_its_own, undisturbed
from tests.integration.faults.scenarios import SCENARIOS, Scenario, described
from tests.integration.faults.world import World, run_to_the_end

from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.runner import Runner
from touchstone.domains.belonging.repository import BelongingRepository
from touchstone.domains.datasets.repository import DatasetRepository
from touchstone.domains.datasets.unfinished_repository import UnfinishedDatasetRepository
from touchstone.domains.jobs.log_repository import JobLogRepository
from touchstone.domains.jobs.repository import JobRepository
from touchstone.domains.outbox.repository import OutboxRepository
from touchstone.domains.workflows.repository import WorkflowRepository

SOURCE = Path(__file__).parents[3] / "src" / "touchstone" / "domains"
# of these files the named functions, or all
WORKER_CODE: dict[str, set[str]] = {
    "jobs/dispatcher.py": set(),
    "jobs/attempts.py": set(),
    "jobs/logs.py": {"append", "_archive"},
    "jobs/news.py": set(),
    "workflows/service.py": {"advance", "_evaluate"},
    "workflows/news.py": set(),
    "outbox/service.py": {"emit"},
}
# receivers that are the worker's own code
OWN = {"self", "self.logs"}
REPOSITORIES = (
    BelongingRepository,
    DatasetRepository,
    JobLogRepository,
    JobRepository,
    OutboxRepository,
    UnfinishedDatasetRepository,
    WorkflowRepository,
)
REACHED = (*REPOSITORIES, ObjectStore, Runner)
METHODS = {name for kind in REACHED for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize("kind", SCENARIOS, ids=described)
async def test_another_worker_brings_it_to_its_true_end(world: World, kind: type[Scenario]) -> None:
    """Dying after one effect is dying before the next, so that this is both sides of every effect but the first."""
    moments = await moments_of_its_own(world, kind)
    deaths: list[tuple[Moment, Side]] = [(moments[0], "before"), *((moment, "after") for moment in moments)]
    for moment, side in deaths:
        try:
            await dies_and_is_replaced(world, kind(), moment, side)
        except BaseException as error:
            error.add_note(f"the worker died {side} effect {moment.number}, {moment.name}")
            raise


async def test_every_effect_is_a_known_kill_point(world: World) -> None:
    met = {moment.name for kind in SCENARIOS for moment in (await undisturbed(world, kind())).values()}
    assert sorted(met) == sorted(KILL_POINTS), "kill_points.py names what a worker does"


def awaited_effects() -> Iterator[tuple[str, str]]:
    """Who awaits which method of a repository, the store or the runner, as the source has it."""
    for path, wanted in WORKER_CODE.items():
        for name, function in functions_of(path):
            if not wanted or function.name in wanted:
                yield from ((name, method) for method in effects_in(function))


def functions_of(path: str) -> Iterator[tuple[str, ast.AsyncFunctionDef]]:
    """By class and name, or noun and name."""
    for node in ast.parse((SOURCE / path).read_text("utf-8")).body:
        owner, inside = (node.name, node.body) if isinstance(node, ast.ClassDef) else (path.partition("/")[0], [node])
        yield from ((f"{owner}.{inner.name}", inner) for inner in inside if isinstance(inner, ast.AsyncFunctionDef))


def effects_in(function: ast.AsyncFunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Attribute) and ast.unparse(called.value) not in OWN and called.attr in METHODS:
                yield called.attr


def test_every_effect_in_the_source_is_a_known_kill_point() -> None:
    """Also one that no scenario meets."""
    pairs = [point.split(" ") for point in KILL_POINTS]
    known = {(caller, effect.rpartition(".")[2]) for caller, effect in pairs}
    assert sorted(set(awaited_effects()) - known) == []


async def dies_and_is_replaced(world: World, scenario: Scenario, moment: Moment, side: Side) -> None:
    await world.begin_anew()
    await scenario.begin(world)
    with pytest.raises(Killed):
        await run_to_the_end(world, scenario, world.worker(Effects((moment, side))))
    await run_to_the_end(world, scenario, world.worker(Effects()))
    await scenario.check(world)
