"""The rows that metrics see, cut into shards, and the scores they give."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from touchstone_jobs.dataset_files import GROUND_TRUTH
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.source import EXAMPLES, Source
from touchstone_jobs.wire import KNOWN_METRICS, EvaluationSettings


class Rows(NamedTuple):
    """Texts of some rows, by column. A column that no chosen metric needs may be empty strings."""

    predictions: list[str]
    references: list[str]
    examples: list[str]

    def shards(self, size: int) -> Iterator["Rows"]:
        for start in range(0, len(self.predictions), size):
            yield Rows(*(column[start : start + size] for column in self))


class Scores(NamedTuple):
    """`lists` holds one value per row under each of the metric's members; `notes` and `numbers` what holds for all
    rows together. `sums` are what shards add up to get such numbers from, a metric's own matter."""

    lists: Mapping[str, Sequence[Any]]
    notes: Mapping[str, Any] = {}
    numbers: Mapping[str, float | None] = {}
    sums: Sequence[float] = ()


def joined(parts: Sequence[Scores]) -> Scores:
    """The scores of consecutive shards as one."""
    lists = {member: [value for part in parts for value in part.lists[member]] for member in parts[0].lists}
    sums = tuple(sum(column) for column in zip(*(part.sums for part in parts), strict=True))
    return Scores(lists, parts[0].notes, sums=sums)


def read_rows(source: Source, settings: EvaluationSettings) -> Rows:
    """Raises JobFailure naming the column, or the row, that a chosen metric misses."""
    if not source.rows:
        raise JobFailure("empty_dataset", "The dataset has no rows to evaluate.")
    if settings.predictions_field not in source.columns:
        raise JobFailure("missing_predictions", f"The dataset has no column {settings.predictions_field}.")
    predictions = [text or "" for text in source.values(settings.predictions_field)]
    by_reference = [name for name in settings.metrics if KNOWN_METRICS[name].reference]
    by_examples = [name for name in settings.metrics if KNOWN_METRICS[name].examples]
    references = _column(source, GROUND_TRUTH, "missing_ground_truth", by_reference)
    return Rows(predictions, references, _column(source, EXAMPLES, "missing_examples", by_examples))


def _column(source: Source, column: str, code: str, metrics: list[str]) -> list[str]:
    if column not in source.columns:
        if metrics:
            raise JobFailure(code, f"The dataset has no column {column}, which {', '.join(metrics)} need.")
        return [""] * source.rows
    texts = list(source.values(column))
    if metrics and None in texts:
        raise JobFailure(code, f"Row {texts.index(None)} has no {column}, which {', '.join(metrics)} need.")
    return [text or "" for text in texts]
