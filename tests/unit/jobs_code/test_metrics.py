"""Scores against those of the libraries the contract names, and how they are written down."""

import json
from typing import Any

import msgspec
import pytest
from nltk.translate.bleu_score import sentence_bleu
from nltk.translate.meteor_score import single_meteor_score
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from touchstone_jobs.evaluation.criteria import DIMENSIONS, JUDGE_PROMPT, question
from touchstone_jobs.evaluation.judge import verdict_from
from touchstone_jobs.evaluation.metrics import ROW_METRICS, result_object, score_shard, scores_of_all
from touchstone_jobs.evaluation.rows import Rows, Scores
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.numbers import flat_metrics, merged_sections
from touchstone_jobs.wire import CONTRACT_METRICS, KNOWN_METRICS, TaskDefinition

REFERENCES = [
    "The cat sat on the mat because it was tired.",
    "Anna asks Bob to bring bread, milk and eggs from the market.",
    "Der Zug hat 20 Minuten Verspätung, sagt die Ansage.",
    "One sentence here. Another sentence there.",
    "",
]
PREDICTIONS = [
    "The cat sat on the mat because of being tired.",
    "Anna asks Bob to bring bread, milk and some eggs from a shop.",
    "Der Zug hat 20 Minuten Verspätung, sagt jemand.",
    "Another sentence there.\nOne sentence here.",
    "nothing",
]
ROWS = Rows(PREDICTIONS, REFERENCES, [""] * len(REFERENCES))
PAIRS = list(zip(REFERENCES, PREDICTIONS, strict=True))


def scores(metric: str, rows: Rows = ROWS) -> Scores:
    return scores_of_all(metric, [score_shard(metric, rows, TaskDefinition())])


def test_rouge_is_that_of_rouge_score_without_stemming() -> None:
    kinds = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    scorer = RougeScorer(kinds, use_stemmer=False)
    expected = [scorer.score(reference, prediction) for reference, prediction in PAIRS]

    for kind in kinds:
        assert scores("rouge").lists[kind] == [score[kind].fmeasure for score in expected]
    # by hand: 8 of 10 and 8 of 10 words
    assert scores("rouge").lists["rouge1"][0] == pytest.approx(0.8)


def test_bleu_is_that_of_an_unsmoothed_sentence_over_13a_tokens() -> None:
    words = Tokenizer13a()
    computed = scores("bleu").lists["bleu"]

    for (reference, prediction), value in zip(PAIRS[:3], computed, strict=False):
        expected = sentence_bleu([words(reference).split()], words(prediction).split())
        assert value == pytest.approx(expected)
    assert computed[4] == 0
    assert all(0 <= value <= 1 for value in computed)


def test_meteor_is_that_of_nltk_and_says_how_it_matched() -> None:
    class NoSynonyms:
        def synsets(self, _: str) -> list[Any]:
            return []

    result = scores("meteor")
    if "no WordNet" in result.notes["matching"]:
        reference = ["the", "cat", "sat", "on", "the", "mat", "because", "it", "was", "tired", "."]
        prediction = ["the", "cat", "sat", "on", "the", "mat", "because", "of", "being", "tired", "."]
        options = {"alpha": 0.9, "beta": 3, "gamma": 0.5, "wordnet": NoSynonyms()}
        assert result.lists["meteor"][0] == pytest.approx(single_meteor_score(reference, prediction, **options))
    assert result.lists["meteor"][1] > 0.5
    assert set(result.notes) == {"matching", "tokenizer"}


def test_token_lengths_are_estimated_from_words() -> None:
    lengths = scores("token_length").lists

    assert lengths["ref_token_length"] == [13, 16, 12, 8, 0]
    assert lengths["pred_token_length"][4] == 1


@pytest.mark.parametrize("metric", [name for name, metric in ROW_METRICS.items() if not metric.has_model])
def test_shards_joined_give_what_the_whole_gives(metric: str) -> None:
    parts = [score_shard(metric, shard, TaskDefinition()) for shard in ROWS.shards(2)]

    assert len(parts) == 3
    assert scores_of_all(metric, parts) == scores(metric)


@pytest.mark.parametrize(
    ("metric", "keys"),
    [
        ("rouge", {f"{kind}{end}" for kind in ("rouge1", "rouge2", "rougeL", "rougeLsum") for end in ("", "_mean")}),
        ("bleu", {"bleu", "bleu_mean"}),
        ("meteor", {"meteor", "meteor_mean", "matching", "tokenizer"}),
        (
            "token_length",
            {f"{which}_token_length{end}" for which in ("ref", "pred") for end in ("", "_mean")},
        ),
        ("corpus_bleu", {"score", "signature"}),
        ("chrf", {"chrf", "chrf_mean", "corpus", "signature"}),
        ("ter", {"ter", "ter_mean", "corpus", "signature"}),
        ("exact_match", {"exact_match", "exact_match_mean", "normalization"}),
        (
            "token_f1",
            {f"{which}{end}" for which in ("precision", "recall", "f1") for end in ("", "_mean")} | {"normalization"},
        ),
    ],
)
def test_result_objects_have_their_keys(metric: str, keys: set[str]) -> None:
    assert set(result_object(metric, scores(metric))) == keys


def test_means_are_named_as_the_contract_has_them() -> None:
    assert result_object("comet", Scores({"scores": [0.2, 0.4]})) == {
        "scores": [0.2, 0.4],
        "mean_score": pytest.approx(0.3),
    }
    verdicts = [{"score": 0.5, "reason": "a"}, {"score": 1.0, "reason": "b"}]
    assert result_object("g_eval_translation", Scores({"fluency": verdicts}))["fluency_mean"] == 0.75


def test_every_known_metric_is_computed_by_somebody() -> None:
    assert set(ROW_METRICS) | set(DIMENSIONS) == set(KNOWN_METRICS)
    assert list(KNOWN_METRICS)[: len(CONTRACT_METRICS)] == list(CONTRACT_METRICS)
    assert {name for name, needs in KNOWN_METRICS.items() if needs.judge} == set(DIMENSIONS)


def test_a_package_that_is_there_and_does_not_work_is_told_like_one_that_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: Rows, __: TaskDefinition) -> Scores:
        raise ModuleNotFoundError("No module named 'pkg_resources'")

    monkeypatch.setitem(ROW_METRICS, "comet", ROW_METRICS["comet"]._replace(score=broken))
    with pytest.raises(JobFailure, match="pip install unbabel-comet") as failure:
        scores("comet")
    assert failure.value.code == "metric_not_installed"
    assert "pkg_resources" in str(failure.value)


def test_flat_metrics_are_rounded_numbers_only() -> None:
    metrics = {
        "rouge": {"rouge1": [0.1], "rouge1_mean": 0.12345},
        "bertscore": {"hashcode": "x", "f1_mean": 1},
        "comet": None,
        "avg_total_tokens": 7.0,
    }
    assert flat_metrics(metrics) == {"rouge_rouge1_mean": 0.123, "bertscore_f1_mean": 1.0, "avg_total_tokens": 7.0}


def test_sections_are_merged_one_level_deep_and_the_second_wins() -> None:
    first = {"metrics": {"rouge": {"a": 1}, "x": None}, "parameters": {"name": 1}, "artifacts": {"predictions": ["p"]}}
    second = {"metrics": {"x": {"b": 2}}, "parameters": {"name": 2}, "artifacts": {"model": "m"}}

    merged = json.loads(merged_sections(json.dumps(first).encode(), json.dumps(second).encode()))
    assert merged == {
        "metrics": {"rouge": {"a": 1}, "x": {"b": 2}},
        "parameters": {"name": 2},
        "artifacts": {"predictions": ["p"], "model": "m"},
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"score": 7, "reason": "fine"}',
        'Sure:\n```json\n{"reason": "fine {really}", "score": 7.0}\n```',
        '<think>{"score": 1, "reason": "hm"}</think>{"score": 7, "reason": "fine"}',
    ],
)
def test_a_verdict_is_found_in_what_the_judge_says(text: str) -> None:
    assert verdict_from(text).score == 7


@pytest.mark.parametrize(
    "text", ["", "seven", '{"score": 11, "reason": "x"}', '{"score": "7", "reason": "x"}', '{"score": 7, "reason": ""}']
)
def test_an_invalid_verdict_is_no_verdict(text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        verdict_from(text)


def test_the_judge_sees_the_texts_in_tags_and_a_reference_only_where_there_is_one() -> None:
    dimension = DIMENSIONS["g_eval_translation_noref"]["consistency"]
    asked = question(dimension, "the source", "the prediction", None)

    assert "<source>\nthe source\n</source>" in asked
    assert "<assessed>\nthe prediction\n</assessed>" in asked
    assert "reference" not in asked
    assert "JSON" in JUDGE_PROMPT
