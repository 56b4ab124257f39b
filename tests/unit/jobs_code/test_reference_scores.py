"""Our numbers against those that the libraries alone give for the shared sample data.

They were recorded by recorded/record_reference_scores.py, which has none of our code.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.compatibility.shared import needs_shared
from tests.unit.jobs_code.recorded.record_reference_scores import DATASETS, HERE, texts

from touchstone_jobs.evaluation.metrics import result_object, score_shard, scores_of_all
from touchstone_jobs.evaluation.rows import Rows
from touchstone_jobs.wire import TaskDefinition

RECORDED: dict[str, dict[str, dict[str, Any]]] = json.loads(Path(HERE / "reference_scores.json").read_text())


@needs_shared
@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("metric", ["rouge", "bleu", "meteor", "corpus_bleu", "chrf", "ter"])
def test_a_metric_gives_the_numbers_of_its_library(metric: str, dataset: str) -> None:
    references, predictions = texts(dataset)
    rows = Rows(predictions, references, references)
    scores = scores_of_all(metric, [score_shard(metric, shard, TaskDefinition()) for shard in rows.shards(2)])
    if "WordNet synonyms" in scores.notes.get("matching", ""):
        pytest.skip("the numbers of METEOR were recorded without WordNet, which this machine has")

    computed = result_object(metric, scores)
    for member, expected in RECORDED[dataset][metric].items():
        assert computed[member] == pytest.approx(expected), member
