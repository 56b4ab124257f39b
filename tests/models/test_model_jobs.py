from pathlib import Path

import bert_score
import pytest
from tests.jobs.attempts import DIALOGUES, SUMMARIES, Workplace, evaluation, inference
from tests.jobs.clusters import ClusterVariables
from tests.models import tiny

from touchstone_jobs import wire

PREDICTIONS: list[str | None] = [*SUMMARIES[::-1]]
SHORT = wire.GenerationSettings(max_new_tokens=8)


@pytest.mark.parametrize("on_ray", [False, True])
def test_a_model_annotates_a_dataset(
    workplace: Workplace, tmp_path: Path, ray_cluster: ClusterVariables, on_ray: bool
) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES * 7})
    settings = inference("hf", tiny.built(tiny.bart, tmp_path / "m"), generation=SHORT, output_field="ground_truth")
    config = workplace.config("annotate", dataset, inference=settings, target=workplace.target())
    status, printed = workplace.run(config, **(ray_cluster if on_ray else {}))

    assert status == 0, printed
    assert ("3 batches" in printed) == on_ray
    assert None not in workplace.results()["artifacts"]["ground_truth"]
    facts = workplace.outcome().dataset
    assert facts is not None
    assert facts.rows == 21


def test_a_model_that_cannot_be_loaded_is_told_from_the_cluster(
    workplace: Workplace, ray_cluster: ClusterVariables
) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES})
    config = workplace.config("inference", dataset, inference=inference("hf", "nobody/nothing"))
    status, _ = workplace.run(config, **ray_cluster)

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "model_not_loaded"
    assert "nobody/nothing" in failure.message


def test_bertscore_is_what_its_library_computes(workplace: Workplace, tmp_path: Path) -> None:
    path = tiny.built(tiny.bert, tmp_path / "bert")
    dataset = workplace.dataset({"ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    config = workplace.config("evaluator", dataset, evaluation=evaluation("bertscore"))
    status, printed = workplace.run(config, TOUCHSTONE_BERTSCORE_MODEL=path)

    assert status == 0, printed
    result = workplace.results()["metrics"]["bertscore"]
    names = ("precision", "recall", "f1")
    assert set(result) == {*names, "hashcode", *(f"{name}_mean" for name in names)}
    scores = bert_score.score([*SUMMARIES[::-1]], SUMMARIES, model_type=path, num_layers=2)
    for name, expected in zip(names, scores, strict=True):
        assert result[name] == pytest.approx(expected.tolist(), abs=1e-5)


def test_a_bertscore_without_its_model_says_what_to_set(workplace: Workplace, tmp_path: Path) -> None:
    dataset = workplace.dataset({"ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    config = workplace.config("evaluator", dataset, evaluation=evaluation("bertscore"))
    status, _ = workplace.run(config, TOUCHSTONE_BERTSCORE_MODEL=str(tmp_path / "nothing"))

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "metric_model_not_loaded"
    assert "TOUCHSTONE_BERTSCORE_MODEL" in failure.message
