"""An attempt on the cluster dies just before and just after every effect that it has; the next one goes on."""

import ast
import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.faults.attempts import JOBS, ClusterJob, described, judge_or_summarise
from tests.integration.faults.job_effects import CODE, STORAGE, JobEffects, JobWatch, Killed, Moment, Side
from tests.integration.faults.kill_points import JOB_KILL_POINTS
from tests.jobs.endpoints import FakeEndpoint, serving

from touchstone_jobs import keeping, progress
from touchstone_jobs.evaluation import panel
from touchstone_jobs.inference import recorder

OPERATIONS = {f"storage.{operation}" for operation in STORAGE}
# reads the config, before there is an attempt
BEFORE_THE_ATTEMPT = {"__main__:_config storage.get"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[FakeEndpoint]:
    with serving(judge_or_summarise) as endpoint:
        yield endpoint


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> JobWatch:
    """Small segments and one call at a time, so that attempts of a job are alike."""
    monkeypatch.setattr(logging.getLogger("touchstone_jobs"), "level", logging.CRITICAL)
    for variable in ("RAY_ADDRESS", "RAY_JOB_CONFIG_JSON_ENV_VAR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(recorder, "LARGEST_SEGMENT", 2)
    monkeypatch.setattr(panel, "CONCURRENCY", 1)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_WRITES", 0.0)
    return JobWatch(monkeypatch)


def attempted(watch: JobWatch, job: ClusterJob, attempt: int, effects: JobEffects | None = None) -> bool:
    watch.current = effects
    try:
        return job.run(attempt)
    finally:
        watch.current = None


@dataclass
class Undisturbed:
    moments: list[Moment]
    made: dict[str, Any]
    calls: int


def undisturbed(watch: JobWatch, job: ClusterJob) -> Undisturbed:
    effects = JobEffects()
    assert attempted(watch, job, 1, effects)
    return Undisturbed(effects.met, job.left_behind(1), job.calls(1))


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", JOBS, ids=described)
def test_the_next_attempt_makes_the_same_and_asks_for_no_kept_sample(
    watch: JobWatch,
    endpoint: FakeEndpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[ClusterJob],
    side: Side,
) -> None:
    monkeypatch.setattr(keeping, "SECONDS_BETWEEN_FLUSHES", kind.seconds_between_flushes)
    expected = undisturbed(watch, kind(tmp_path / "undisturbed", endpoint))
    for number, moment in enumerate(expected.moments):
        with told(f"the attempt died {side} {moment}"):
            dies_and_goes_on(watch, kind(tmp_path / str(number), endpoint), expected, JobEffects((moment, side)))


def dies_and_goes_on(watch: JobWatch, job: ClusterJob, expected: Undisturbed, effects: JobEffects) -> None:
    with contextlib.suppress(Killed):
        attempted(watch, job, 1, effects)
    # an attempt may have flushed in fewer steps than the undisturbed one, by the clock, and come through
    assert effects.is_dead or not job.is_deterministic
    kept = job.kept()
    assert attempted(watch, job, 2)
    assert job.left_behind(2) == expected.made
    assert job.calls(2) == (expected.calls and expected.calls - len(kept))
    ids = [job.sample_of(item) for item in job.kept()]
    assert len(set(ids)) == len(ids), "a sample was kept twice"


@pytest.mark.parametrize("kind", JOBS, ids=described)
def test_an_attempt_that_comes_late_changes_nothing_of_the_next_one(
    watch: JobWatch, endpoint: FakeEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[ClusterJob]
) -> None:
    monkeypatch.setattr(keeping, "SECONDS_BETWEEN_FLUSHES", kind.seconds_between_flushes)
    expected = undisturbed(watch, kind(tmp_path / "undisturbed", endpoint))
    for number, moment in enumerate(expected.moments):
        with told(f"the attempt stood still before {moment}"):
            is_overtaken(watch, kind(tmp_path / str(number), endpoint), expected, moment)


def is_overtaken(watch: JobWatch, job: ClusterJob, expected: Undisturbed, moment: Moment) -> None:
    effects, files = JobEffects(), dict[Path, bytes]()

    def overtake(met: Moment) -> None:
        if met == moment:
            watch.current = None
            next_one = threading.Thread(target=job.run, args=(2,))
            next_one.start()
            next_one.join()
            watch.current = effects
            files.update(_contents(job.folder(2)))

    effects.on_each = overtake
    attempted(watch, job, 1, effects)
    assert files or not job.is_deterministic
    if files:
        assert _contents(job.folder(2)) == files
        assert job.left_behind(2) == expected.made


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_effect_of_an_attempt_is_a_known_kill_point(
    watch: JobWatch, endpoint: FakeEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a second attempt, too, which finds something kept."""
    met: set[str] = set()
    for kind in JOBS:
        monkeypatch.setattr(keeping, "SECONDS_BETWEEN_FLUSHES", kind.seconds_between_flushes)
        job, first, second = kind(tmp_path / kind.__name__, endpoint), JobEffects(), JobEffects()
        attempted(watch, job, 1, first)
        attempted(watch, job, 2, second)
        met |= {moment.name for moment in (*first.met, *second.met)}
    assert sorted(met) == sorted(JOB_KILL_POINTS), "kill_points.py names what an attempt does"


def test_every_effect_in_the_cluster_code_is_a_known_kill_point() -> None:
    """Also one that no job here meets."""
    assert sorted(set(_effects_in_source()) - set(JOB_KILL_POINTS) - BEFORE_THE_ATTEMPT) == []


def _effects_in_source() -> Iterator[str]:
    for path in CODE.rglob("*.py"):
        module = ".".join(path.relative_to(CODE).with_suffix("").parts)
        for name, function in _functions(ast.parse(path.read_text("utf-8"))):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in OPERATIONS:
                    yield f"{module}:{name} {ast.unparse(node.func)}"


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{inner.name}", inner) for inner in node.body if hasattr(inner, "name"))


@contextlib.contextmanager
def told(note: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(note)
        raise
