"""The metrics that are computed from rows alone, and how their scores become result objects."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from touchstone_jobs.evaluation import lexical
from touchstone_jobs.evaluation.rows import Rows, Scores


class RowMetric(NamedTuple):
    """`score` works on any shard by itself; `shard` is how many rows are worth a task of their own."""

    score: Callable[[Rows], Scores]
    shard: int = 1000


ROW_METRICS: dict[str, RowMetric] = {
    "rouge": RowMetric(lexical.rouge),
    "meteor": RowMetric(lexical.meteor),
    "bleu": RowMetric(lexical.bleu),
    "token_length": RowMetric(lexical.token_length),
}


def score_shard(name: str, rows: Rows) -> Scores:
    """By name, so that a task of the cluster is sent a word instead of a function."""
    return ROW_METRICS[name].score(rows)


def result_object(metric: str, scores: Scores) -> dict[str, Any]:
    """The lists, the notes, and the mean of each list."""
    means = {_mean_name(metric, member): _mean(values) for member, values in scores.lists.items()}
    return {**scores.lists, **scores.notes, **means}


def _mean_name(metric: str, member: str) -> str:
    return "mean_score" if metric == "comet" else f"{member}_mean"


def _mean(values: Sequence[Any]) -> float:
    return sum(map(_number, values)) / len(values)


def _number(value: Any) -> float:
    """A judge's values are objects with a score."""
    return cast("dict[str, Any]", value)["score"] if isinstance(value, dict) else value
