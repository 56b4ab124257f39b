"""Metrics of short answers: whether they are the reference, and how many of their words are the reference's.

Both follow SQuAD (Rajpurkar et al., 2016): case, punctuation and English articles do not count. Scripts written
without spaces are compared by characters, as MLQA does (Lewis et al., 2020).
"""

import re
import string
import unicodedata
from collections import Counter
from typing import NamedTuple

from touchstone_jobs.evaluation.rows import Rows, Scores
from touchstone_jobs.wire import TaskDefinition

_ARTICLES = {"a", "an", "the"}
# kana and Chinese characters, Thai, Lao, Khmer and Burmese
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\s{_UNSPACED}]+")
_NORMALIZATION = {"normalization": "case, punctuation and English articles do not count (SQuAD)"}


def exact_match(rows: Rows, _: TaskDefinition) -> Scores:
    """1 where prediction and reference are the same words in the same order, else 0."""
    pairs = zip(rows.references, rows.predictions, strict=True)
    matches = [int(answer_words(reference) == answer_words(prediction)) for reference, prediction in pairs]
    return Scores({"exact_match": matches}, _NORMALIZATION)


def token_f1(rows: Rows, _: TaskDefinition) -> Scores:
    """Harmonic mean of the shares of words that prediction and reference have in common, with the shares."""
    pairs = zip(rows.references, rows.predictions, strict=True)
    overlaps = [overlap(answer_words(reference), answer_words(prediction)) for reference, prediction in pairs]
    lists = {name: [getattr(found, name) for found in overlaps] for name in Overlap._fields}
    return Scores(lists, _NORMALIZATION)


class Overlap(NamedTuple):
    """Shares in 0..1 of words in common: of the prediction's, of the reference's, and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def overlap(reference: list[str], prediction: list[str]) -> Overlap:
    """Where one of the two has no words, all are 1 if the other has none either, else 0."""
    if not reference or not prediction:
        share = float(reference == prediction)
        return Overlap(share, share, share)
    common = (Counter(reference) & Counter(prediction)).total()
    precision, recall = common / len(prediction), common / len(reference)
    return Overlap(precision, recall, 2 * common / (len(prediction) + len(reference)))


def answer_words(text: str) -> list[str]:
    """The words that count, in order."""
    bare = "".join(sign for sign in text.lower() if not _is_punctuation(sign))
    return [word for word in _WORD.findall(bare) if word not in _ARTICLES]


def _is_punctuation(sign: str) -> bool:
    return sign in string.punctuation or unicodedata.category(sign).startswith("P")
