"""The metrics that are computed from rows alone, and how their scores become result objects."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple, cast

from touchstone_jobs.evaluation import answers, lexical, neural, translation
from touchstone_jobs.evaluation.rows import Rows, Scores, joined
from touchstone_jobs.failures import missing_package
from touchstone_jobs.wire import TaskDefinition

_JOBS, _MODELS = "'touchstone[jobs]'", "'touchstone[models]'"
# no extra of ours: its pins do not go together with others'; of setuptools it wants what newer ones have not
_COMET = "unbabel-comet 'setuptools<81'"
# a shard worth loading a model for
_MODEL_SHARD = 20_000


class RowMetric(NamedTuple):
    """`score` works on any shard by itself; `shard` is how many rows are worth a task of their own, loading a model
    included; `overall` makes what holds for all rows together from the shards' sums; `packages` are imported when it
    runs, and `requirement` is what pip installs them with."""

    score: Callable[[Rows, TaskDefinition], Scores]
    shard: int = 1000
    packages: tuple[str, ...] = ()
    requirement: str = _JOBS
    overall: Callable[[Sequence[float]], dict[str, float]] | None = None

    @property
    def has_model(self) -> bool:
        return "torch" in self.packages


ROW_METRICS: dict[str, RowMetric] = {
    "rouge": RowMetric(lexical.rouge, packages=("rouge_score",)),
    "meteor": RowMetric(lexical.meteor, packages=("nltk",)),
    "bertscore": RowMetric(
        neural.bertscore, _MODEL_SHARD, ("torch", "transformers", "bert_score", "langcodes"), _MODELS
    ),
    "bleu": RowMetric(lexical.bleu, packages=("sacrebleu",)),
    "comet": RowMetric(neural.comet, _MODEL_SHARD, ("torch", "comet"), _COMET),
    "token_length": RowMetric(lexical.token_length),
    "corpus_bleu": RowMetric(translation.corpus_bleu, packages=("sacrebleu",), overall=translation.bleu_of_all),
    "chrf": RowMetric(translation.chrf, packages=("sacrebleu",), overall=translation.chrf_of_all),
    "ter": RowMetric(translation.ter, 200, packages=("sacrebleu",), overall=translation.ter_of_all),
    "exact_match": RowMetric(answers.exact_match),
    "token_f1": RowMetric(answers.token_f1),
    "embedding_similarity": RowMetric(
        neural.embedding_similarity, _MODEL_SHARD, ("torch", "sentence_transformers"), _MODELS
    ),
}


def score_shard(name: str, rows: Rows, task: TaskDefinition) -> Scores:
    """By name, so that a task of the cluster is sent a word instead of a function.

    Raises JobFailure `metric_not_installed` when a package is there and does not work.
    """
    metric = ROW_METRICS[name]
    try:
        return metric.score(rows, task)
    except ImportError as error:
        raise missing_package("metric_not_installed", f"The metric {name}", str(error), metric.requirement) from None


def scores_of_all(name: str, parts: Sequence[Scores]) -> Scores:
    """The metric's shards, which follow each other, as one."""
    whole, overall = joined(parts), ROW_METRICS[name].overall
    return whole._replace(numbers=overall(whole.sums)) if overall else whole


def refuse_missing_packages(names: Sequence[str]) -> None:
    """Raises JobFailure `metric_not_installed` before anything is computed."""
    for name in names:
        metric = ROW_METRICS[name]
        for package in metric.packages:
            if find_spec(package) is None:
                raise missing_package("metric_not_installed", f"The metric {name}", package, metric.requirement)


def result_object(metric: str, scores: Scores) -> dict[str, Any]:
    """The lists, the notes, the numbers, and the mean of each list."""
    means = {_mean_name(metric, member): _mean(values) for member, values in scores.lists.items()}
    return {**scores.lists, **scores.notes, **scores.numbers, **means}


def _mean_name(metric: str, member: str) -> str:
    return "mean_score" if metric == "comet" else f"{member}_mean"


def _mean(values: Sequence[Any]) -> float:
    return sum(map(score_of, values)) / len(values)


def score_of(value: Any) -> float:
    """A judge's values are objects with a score."""
    return cast("dict[str, Any]", value)["score"] if isinstance(value, dict) else value
