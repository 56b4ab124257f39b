"""Service, worker and cluster code may be of neighbouring versions: what one wrote the other understands.

recorded/wire/first.json is as the first version wrote and stays as it is; now.json is as today's does and gains the
fields that are added.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from touchstone_jobs import wire
from touchstone_jobs.evaluation.panel import Judged
from touchstone_jobs.inference.samples import Answer

RECORDED = Path(__file__).parent / "recorded" / "wire"
FIRST: dict[str, Any] = json.loads((RECORDED / "first.json").read_text())
NOW: dict[str, Any] = json.loads((RECORDED / "now.json").read_text())
KINDS: dict[str, type[msgspec.Struct]] = {
    "JobConfig.inference": wire.JobConfig,
    "JobConfig.evaluation": wire.JobConfig,
    "Outcome": wire.Outcome,
    "Progress": wire.Progress,
    "Answer": Answer,
    "Judged": Judged,
}


def written(value: msgspec.Struct) -> dict[str, Any]:
    return json.loads(msgspec.json.encode(value))


def with_unknown_fields(value: Any) -> Any:
    """As a later version might write: one more field in every object, but for the config as clients know it."""
    if isinstance(value, list):
        return [with_unknown_fields(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    kept = {
        name: inner if name in ("report", "metrics") else with_unknown_fields(inner) for name, inner in value.items()
    }
    return {**kept, "added_later": {"by": ["whom"]}}


def is_within(part: Any, whole: Any) -> bool:
    """Every field of the one stands with the same value in the other."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and is_within(inner, whole[name]) for name, inner in part.items())
    return part == whole


@pytest.mark.parametrize("name", KINDS)
def test_what_the_first_version_wrote_is_understood_and_would_be_written_so_today(name: str) -> None:
    value = msgspec.convert(FIRST[name], KINDS[name])

    assert is_within(FIRST[name], written(value))


@pytest.mark.parametrize("name", KINDS)
def test_what_this_version_writes_is_what_was_recorded(name: str) -> None:
    value = msgspec.convert(NOW[name], KINDS[name])

    assert written(value) == NOW[name]


@pytest.mark.parametrize("name", KINDS)
def test_fields_that_a_later_version_adds_are_ignored(name: str) -> None:
    assert msgspec.convert(with_unknown_fields(NOW[name]), KINDS[name]) == msgspec.convert(NOW[name], KINDS[name])


def test_fields_that_came_later_have_the_former_behaviour_as_their_default() -> None:
    inference = msgspec.convert(FIRST["JobConfig.inference"], wire.JobConfig).inference
    evaluation = msgspec.convert(FIRST["JobConfig.evaluation"], wire.JobConfig).evaluation

    assert inference is not None
    assert evaluation is not None
    assert (inference.gpu_if_any, inference.prices) == (False, None)
    assert (evaluation.judges, evaluation.num_gpus) == ([], 0.0)
    assert msgspec.convert(FIRST["Judged"], Judged).judge == 0


def test_a_config_of_the_first_version_names_all_that_has_no_default() -> None:
    config = {name: FIRST["JobConfig.inference"][name] for name in ("job_id", "attempt", "kind", "name", "dataset")}
    places = {name: FIRST["JobConfig.inference"][name] for name in ("work_uri", "attempt_uri", "results_uri")}

    assert msgspec.convert({**config, **places}, wire.JobConfig).version == 1
