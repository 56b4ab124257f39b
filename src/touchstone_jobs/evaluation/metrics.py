"""The metrics that are computed from rows alone, and how their scores become result objects."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple, cast

from touchstone_jobs.evaluation import lexical, neural
from touchstone_jobs.evaluation.rows import Rows, Scores
from touchstone_jobs.failures import missing_extra
from touchstone_jobs.wire import KNOWN_METRICS, TaskDefinition


class RowMetric(NamedTuple):
    """`score` works on any shard by itself; `shard` is how many rows are worth a task of their own, loading a model
    included; `packages` are imported when it runs."""

    score: Callable[[Rows, TaskDefinition], Scores]
    shard: int = 1000
    packages: tuple[str, ...] = ()


ROW_METRICS: dict[str, RowMetric] = {
    "rouge": RowMetric(lexical.rouge, packages=("rouge_score",)),
    "meteor": RowMetric(lexical.meteor, packages=("nltk",)),
    "bertscore": RowMetric(neural.bertscore, 20_000, ("torch", "transformers", "bert_score", "langcodes")),
    "bleu": RowMetric(lexical.bleu, packages=("sacrebleu",)),
    "comet": RowMetric(neural.comet, 20_000, ("torch", "comet")),
    "token_length": RowMetric(lexical.token_length),
}


def score_shard(name: str, rows: Rows, task: TaskDefinition) -> Scores:
    """By name, so that a task of the cluster is sent a word instead of a function."""
    return ROW_METRICS[name].score(rows, task)


def refuse_missing_packages(names: Sequence[str]) -> None:
    """Raises JobFailure `metric_not_installed` before anything is computed."""
    for name in names:
        for package in ROW_METRICS[name].packages:
            if find_spec(package) is None:
                extra = KNOWN_METRICS[name].extra or "jobs"
                raise missing_extra("metric_not_installed", f"The metric {name}", package, extra)


def result_object(metric: str, scores: Scores) -> dict[str, Any]:
    """The lists, the notes, and the mean of each list."""
    means = {_mean_name(metric, member): _mean(values) for member, values in scores.lists.items()}
    return {**scores.lists, **scores.notes, **means}


def _mean_name(metric: str, member: str) -> str:
    return "mean_score" if metric == "comet" else f"{member}_mean"


def _mean(values: Sequence[Any]) -> float:
    return sum(map(score_of, values)) / len(values)


def score_of(value: Any) -> float:
    """A judge's values are objects with a score."""
    return cast("dict[str, Any]", value)["score"] if isinstance(value, dict) else value
