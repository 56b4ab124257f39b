from pathlib import Path

from tests.jobs.attempts import DIALOGUES, SUMMARIES, Workplace, inference

from touchstone_jobs import dataset_files


def test_a_baseline_answers_every_row_and_keeps_all_columns(workplace: Workplace, tmp_path: Path) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES, "ground_truth": SUMMARIES, "topic": ["a", "b", None]})
    target = workplace.target()
    config = workplace.config("inference", dataset, inference=inference(), target=target)
    status, printed = workplace.run(config)

    assert status == 0, printed
    assert f"Inference results stored at {config.results_uri}" in printed
    results = workplace.results()
    assert set(results) == {"metrics", "parameters", "artifacts"}
    assert results["parameters"] == config.report
    assert results["artifacts"]["examples"] == DIALOGUES
    assert results["artifacts"]["ground_truth"] == SUMMARIES
    assert results["artifacts"]["predictions"][1] == "#Person1#: The train is late again!"
    assert results["artifacts"]["model"] == "lead-1"
    assert results["artifacts"]["inference_time"] >= 0
    outcome = workplace.outcome()
    assert outcome.succeeded and outcome.dataset is not None
    assert outcome.dataset.columns == ["examples", "ground_truth", "topic", "predictions"]
    assert outcome.progress.done == outcome.progress.total == 3
    rows = list(dataset_files.read_rows(tmp_path / "datasets" / "made.csv" / dataset_files.ARROW_FILE))
    assert rows[1]["topic"] == "b"
    assert rows[1]["predictions"] == "#Person1#: The train is late again!"


def test_annotation_writes_the_ground_truth(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES})
    config = workplace.config(
        "annotate", dataset, inference=inference(output_field="ground_truth"), target=workplace.target(), max_samples=2
    )
    status, printed = workplace.run(config)

    assert status == 0, printed
    artifacts = workplace.results()["artifacts"]
    assert artifacts["predictions"] is None
    assert len(artifacts["ground_truth"]) == 2
    dataset_facts = workplace.outcome().dataset
    assert dataset_facts is not None
    assert dataset_facts.ground_truth
    assert dataset_facts.rows == 2


def test_an_output_field_of_ones_own_is_in_results_and_dataset(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES})
    config = workplace.config("inference", dataset, inference=inference(output_field="kurz"), target=workplace.target())
    status, printed = workplace.run(config)

    assert status == 0, printed
    artifacts = workplace.results()["artifacts"]
    assert artifacts["kurz"] == artifacts["predictions"]
    assert artifacts["ground_truth"] is None
    facts = workplace.outcome().dataset
    assert facts is not None
    assert facts.columns == ["examples", "kurz"]


def test_a_dataset_without_examples_fails_with_a_reason(workplace: Workplace) -> None:
    dataset = workplace.dataset({"text": DIALOGUES})
    status, _ = workplace.run(workplace.config("inference", dataset, inference=inference()))

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "missing_examples"


def test_an_unknown_baseline_fails_with_the_known_ones(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES})
    status, _ = workplace.run(workplace.config("inference", dataset, inference=inference(model="lead-9")))

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "unknown_model"
    assert "lead-3" in failure.message


def test_results_that_cannot_be_saved_fail_the_job(workplace: Workplace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    config = workplace.config("inference", workplace.dataset({"examples": DIALOGUES}), inference=inference())
    config.results_uri = f"file://{tmp_path}/file/results.json"
    status, _ = workplace.run(config)

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "storage_unavailable"


def test_a_dataset_that_is_gone_is_named(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES})
    dataset.folder_uri += "elsewhere/"
    status, _ = workplace.run(workplace.config("inference", dataset, inference=inference()))

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "dataset_missing"
    assert dataset.name in failure.message


def test_a_row_without_text_is_a_failed_sample(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": [DIALOGUES[0], None]})
    status, printed = workplace.run(
        workplace.config("inference", dataset, inference=inference(max_failed_samples=1), target=workplace.target())
    )

    assert status == 0, printed
    assert workplace.results()["artifacts"]["predictions"][1] is None
    assert "no text" in workplace.results()["artifacts"]["errors"][1]
