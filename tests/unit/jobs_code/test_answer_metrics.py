"""Exact match and token F1, by hand."""

import pytest

from touchstone_jobs.evaluation.answers import Overlap, answer_words, overlap
from touchstone_jobs.evaluation.metrics import score_shard
from touchstone_jobs.evaluation.rows import Rows
from touchstone_jobs.wire import TaskDefinition


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat, an owl and a dog!", ["cat", "owl", "and", "dog"]),
        ("  “Quoted”\n$5.00 ", ["quoted", "500"]),
        ("我在北京。", ["我", "在", "北", "京"]),
        ("iPhone用户", ["iphone", "用", "户"]),
        ("", []),
    ],
)
def test_only_words_count(text: str, words: list[str]) -> None:
    assert answer_words(text) == words


@pytest.mark.parametrize(
    ("reference", "prediction", "expected"),
    [
        ("x y z", "x y", Overlap(1.0, 2 / 3, 0.8)),
        ("x x y", "x x x", Overlap(2 / 3, 2 / 3, 2 / 3)),
        ("x", "y", Overlap(0.0, 0.0, 0.0)),
        ("", "", Overlap(1.0, 1.0, 1.0)),
        ("x", "", Overlap(0.0, 0.0, 0.0)),
    ],
)
def test_an_overlap_is_a_share_of_words(reference: str, prediction: str, expected: Overlap) -> None:
    assert overlap(reference.split(), prediction.split()) == pytest.approx(expected)


def test_an_answer_matches_whatever_its_case_articles_and_punctuation() -> None:
    rows = Rows(["the Eiffel tower.", "Eiffel tower in Paris", "tower Eiffel"], ["Eiffel Tower"] * 3, [""] * 3)
    task = TaskDefinition()

    assert score_shard("exact_match", rows, task).lists["exact_match"] == [1, 0, 0]
    assert score_shard("token_f1", rows, task).lists["f1"] == pytest.approx([1.0, 2 / 3, 1.0])
