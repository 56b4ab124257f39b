import json
from pathlib import Path

import pytest
from tests.jobs.attempts import DIALOGUES, SUMMARIES, Workplace, evaluation, uri

from touchstone_jobs import wire

PREDICTIONS = ["Person1 comes to the market.", "The train is late.", "The report needs figures."]


def test_an_evaluation_saves_the_chosen_metrics_under_the_contracts_names(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES, "ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    config = workplace.config("evaluator", dataset, evaluation=evaluation("rouge", "meteor", "bleu", "token_length"))
    status, printed = workplace.run(config)

    assert status == 0, printed
    assert "Storing evaluation results to " in printed
    assert f"Storing evaluation results for S3 to {config.results_uri}" in printed
    results = workplace.results()
    assert set(results["metrics"]) >= set(wire.KNOWN_METRICS)
    assert results["metrics"]["comet"] is None
    rouge = results["metrics"]["rouge"]
    assert set(rouge) == {
        f"{kind}{end}" for kind in ("rouge1", "rouge2", "rougeL", "rougeLsum") for end in ("", "_mean")
    }
    assert len(rouge["rouge1"]) == 3
    assert {"meteor", "meteor_mean"} <= set(results["metrics"]["meteor"])
    assert set(results["metrics"]["bleu"]) == {"bleu", "bleu_mean"}
    assert results["artifacts"]["predictions"] == PREDICTIONS
    assert results["artifacts"]["ground_truth"] == SUMMARIES
    assert results["artifacts"]["evaluation_time"] > 0
    metrics = workplace.outcome().metrics
    assert metrics["rouge_rouge1_mean"] == round(rouge["rouge1_mean"], 3)
    assert "token_length_ref_token_length_mean" in metrics


def test_missing_predictions_count_as_empty(workplace: Workplace) -> None:
    dataset = workplace.dataset({"ground_truth": SUMMARIES, "predictions": [PREDICTIONS[0], None, None]})
    status, printed = workplace.run(workplace.config("evaluator", dataset, evaluation=evaluation("rouge", "bleu")))

    assert status == 0, printed
    assert workplace.results()["artifacts"]["predictions"] == [PREDICTIONS[0], "", ""]
    assert workplace.results()["metrics"]["rouge"]["rouge1"][1] == 0


@pytest.mark.parametrize(
    ("columns", "code", "words"),
    [
        ({"ground_truth": SUMMARIES}, "missing_predictions", "predictions"),
        ({"predictions": PREDICTIONS}, "missing_ground_truth", "ground_truth"),
        ({"predictions": PREDICTIONS, "ground_truth": ["a", None, "c"]}, "missing_ground_truth", "Row 1"),
    ],
)
def test_what_a_metric_misses_is_named(
    workplace: Workplace, columns: dict[str, list[str | None]], code: str, words: str
) -> None:
    config = workplace.config("evaluator", workplace.dataset(columns), evaluation=evaluation("rouge"))
    status, _ = workplace.run(config)

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == code
    assert words in failure.message


def test_an_unknown_metric_fails_with_the_known_ones(workplace: Workplace) -> None:
    dataset = workplace.dataset({"ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    status, _ = workplace.run(workplace.config("evaluator", dataset, evaluation=evaluation("blue")))

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "unknown_metric"
    assert "bleu" in failure.message


def test_inside_a_workflow_the_inferences_sections_win_in_the_compilation(workplace: Workplace, tmp_path: Path) -> None:
    dataset = workplace.dataset({"ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    inference = {"metrics": {"avg_total_tokens": 7.5}, "parameters": {"name": "theirs"}, "artifacts": {"model": "m"}}
    (tmp_path / "inference.json").write_text(json.dumps(inference))
    folder = uri(tmp_path)
    compilation = wire.Compilation(folder + "inference.json", folder + "compiled.json")
    config = workplace.config("evaluator", dataset, evaluation=evaluation("rouge"), compilation=compilation)
    status, printed = workplace.run(config)

    assert status == 0, printed
    compiled = json.loads((tmp_path / "compiled.json").read_bytes())
    assert compiled["parameters"]["name"] == "theirs"
    assert compiled["metrics"]["avg_total_tokens"] == 7.5
    assert compiled["metrics"]["rouge"]["rouge1_mean"] > 0
    assert compiled["artifacts"]["model"] == "m"
    assert compiled["artifacts"]["predictions"] == PREDICTIONS
