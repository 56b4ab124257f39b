import json
from pathlib import Path

import pyarrow.parquet
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
    assert set(results["metrics"]) == set(wire.CONTRACT_METRICS)
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


def test_metrics_beside_the_contracts_appear_where_they_were_asked_for(workplace: Workplace) -> None:
    dataset = workplace.dataset({"ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    asked = ("corpus_bleu", "chrf", "ter", "exact_match", "token_f1")
    status, printed = workplace.run(workplace.config("evaluator", dataset, evaluation=evaluation(*asked)))

    assert status == 0, printed
    metrics = workplace.results()["metrics"]
    assert set(metrics) == {*wire.CONTRACT_METRICS, *asked}
    assert all(metrics[name] is None for name in wire.CONTRACT_METRICS)
    assert "tok:13a" in metrics["corpus_bleu"]["signature"]
    flat = workplace.outcome().metrics
    assert {"corpus_bleu_score", "chrf_corpus", "ter_ter_mean", "exact_match_exact_match_mean"} <= set(flat)
    table = pyarrow.parquet.read_table(workplace.root / "jobs" / workplace.job_id / "scores.parquet")
    assert {"row", "key", "chrf_chrf", "ter_ter", "exact_match_exact_match", "token_f1_f1"} <= set(table.column_names)


@pytest.mark.parametrize(
    ("metric", "requirement"), [("comet", "unbabel-comet"), ("embedding_similarity", "'touchstone[models]'")]
)
def test_a_metric_whose_package_is_missing_says_what_to_install(
    workplace: Workplace, metric: str, requirement: str
) -> None:
    columns = {"examples": DIALOGUES, "ground_truth": SUMMARIES, "predictions": PREDICTIONS}
    config = workplace.config("evaluator", workplace.dataset(columns), evaluation=evaluation(metric))
    status, _ = workplace.run(config)

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "metric_not_installed"
    assert f"`pip install {requirement}" in failure.message


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
