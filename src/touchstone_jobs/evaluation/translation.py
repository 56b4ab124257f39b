"""The metrics that sacrebleu computes over a corpus: BLEU, chrF and TER.

All are divided by 100, so that they stand beside the sentence BLEU of the contract: BLEU and chrF lie in 0..1, TER is
edits per word of the reference and may exceed 1. What a whole corpus scores is no mean of its rows' scores: it follows
from the rows' statistics added up, which is also how shards are joined. `signature` says how it was computed.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from touchstone_jobs.evaluation.rows import Rows, Scores
from touchstone_jobs.wire import TaskDefinition


def corpus_bleu(rows: Rows, _: TaskDefinition) -> Scores:
    """BLEU as papers report it (Papineni et al., 2002; Post, 2018): tokenizer 13a, smoothed exponentially."""
    scorer = _bleu()
    return Scores({}, sums=_sums(_statistics(scorer, rows)), notes=_notes(scorer))


def bleu_of_all(sums: Sequence[float]) -> dict[str, float]:
    return {"score": _score(_bleu(), sums)}


def chrf(rows: Rows, _: TaskDefinition) -> Scores:
    """chrF2 of character 6-grams (Popović, 2015), per row and over all rows."""
    return _by_row("chrf", _chrf(), rows)


def chrf_of_all(sums: Sequence[float]) -> dict[str, float]:
    return {"corpus": _score(_chrf(), sums)}


def ter(rows: Rows, _: TaskDefinition) -> Scores:
    """Translation edit rate (Snover et al., 2006), per row and over all rows; less is better."""
    return _by_row("ter", _ter(), rows)


def ter_of_all(sums: Sequence[float]) -> dict[str, float]:
    return {"corpus": _score(_ter(), sums)}


def _bleu() -> Any:
    # the texts are as they are: no advice about tokenized ones
    return import_module("sacrebleu.metrics.bleu").BLEU(tokenize="13a", force=True)


def _chrf() -> Any:
    return import_module("sacrebleu.metrics.chrf").CHRF()


def _ter() -> Any:
    return import_module("sacrebleu.metrics.ter").TER()


def _by_row(name: str, scorer: Any, rows: Rows) -> Scores:
    statistics = _statistics(scorer, rows)
    lists = {name: [_score(scorer, row) for row in statistics]}
    return Scores(lists, sums=_sums(statistics), notes=_notes(scorer))


def _statistics(scorer: Any, rows: Rows) -> list[list[float]]:
    # sacrebleu's own way to what its corpus_score adds up; computing it anew for each score would take twice as long
    return scorer._extract_corpus_statistics(rows.predictions, [rows.references])


def _score(scorer: Any, statistics: Sequence[float]) -> float:
    return scorer._compute_score_from_stats(list(statistics)).score / 100


def _sums(statistics: list[list[float]]) -> tuple[float, ...]:
    return tuple(sum(column) for column in zip(*statistics, strict=True))


def _notes(scorer: Any) -> dict[str, str]:
    return {"signature": str(scorer.get_signature())}
