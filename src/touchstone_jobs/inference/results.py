"""`results.json` of an inference (section 5.1 of the evaluation contract), and the dataset with its answers.

Both are written row by row from the dataset and the answers on disk.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import msgspec

from touchstone_jobs.dataset_files import GROUND_TRUTH, RecordBatch
from touchstone_jobs.inference.accounting import Totals, cost_usd, token_counts, totals
from touchstone_jobs.inference.prices import prices_of
from touchstone_jobs.inference.samples import Answers
from touchstone_jobs.source import EXAMPLES, Source
from touchstone_jobs.wire import InferenceSettings

PREDICTIONS = "predictions"
_LISTS = {
    EXAMPLES,
    PREDICTIONS,
    GROUND_TRUTH,
    "reasoning",
    "inference_metrics",
    "latency_seconds",
    "errors",
    "cost_usd",
}
_OWN_NAMES = _LISTS | {"totals", "prices", "model", "inference_time"}


class ResultsFile:
    """`seconds` is the time spent on answering."""

    def __init__(self, source: Source, answers: Answers, settings: InferenceSettings, seconds: float) -> None:
        self._source = source
        self._answers = answers
        self._settings = settings
        self._seconds = seconds
        self._prices = prices_of(settings)

    def write(self, path: Path, parameters: dict[str, Any]) -> dict[str, float]:
        """Answers the metrics that stand in the file."""
        prices = self._prices[0] if self._prices else None
        sums = totals(self._answers.in_order(), prices)
        metrics = self._metrics(sums)
        with path.open("wb") as file:
            file.write(b'{"metrics":' + _json(metrics) + b',"parameters":' + _json(parameters) + b',"artifacts":{')
            for name, values in self._lists():
                _write_list(file, name, values)
            for name, value in self._values(sums):
                file.write(_json(name) + b":" + _json(value) + b",")
            file.write(b'"inference_time":' + _json(self._seconds) + b"}}")
        return metrics

    def _metrics(self, sums: Totals) -> dict[str, float]:
        """Of endpoints only: to the contract, a model on the cluster has none."""
        if self._settings.provider == "hf":
            return {}
        cost = {} if sums.cost_usd is None else {"cost_usd": sums.cost_usd}
        return {**sums.averages(), **cost}

    def _values(self, sums: Totals) -> Iterator[tuple[str, Any]]:
        yield "totals", sums
        if self._prices:
            prices, source = self._prices
            yield "prices", {**msgspec.to_builtins(prices), "source": source}
        yield "model", self._settings.model

    def _lists(self) -> Iterator[tuple[str, Iterable[Any] | None]]:
        """One value per row; None where the contract has null."""
        field = self._settings.output_field
        yield EXAMPLES, self._source.values(EXAMPLES)
        # an answer under a field of its own is a prediction all the same, which is where clients look for it
        yield PREDICTIONS, None if field == GROUND_TRUTH else self._texts()
        yield GROUND_TRUTH, self._ground_truth()
        if field not in _OWN_NAMES:
            yield field, self._texts()
        yield "reasoning", (answer and answer.reasoning for answer in self._answers.in_order())
        yield "inference_metrics", (token_counts(answer) for answer in self._answers.in_order())
        yield "latency_seconds", (answer and answer.seconds for answer in self._answers.in_order())
        yield "errors", (answer and answer.error for answer in self._answers.in_order())
        if self._prices:
            prices, _ = self._prices
            yield "cost_usd", (cost_usd(answer, prices) for answer in self._answers.in_order())

    def _ground_truth(self) -> Iterable[str | None] | None:
        if self._settings.output_field == GROUND_TRUTH:
            return self._texts()
        return self._source.values(GROUND_TRUTH) if GROUND_TRUTH in self._source.columns else None

    def _texts(self) -> Iterator[str | None]:
        return (answer and answer.text for answer in self._answers.in_order())


def with_answers(source: Source, answers: Answers, field: str) -> Iterator[RecordBatch]:
    """The dataset's batches with the answers as a column; a column of that name is replaced."""
    pa = import_module("pyarrow")
    texts = (answer.text if answer else None for answer in answers.in_order())
    for batch in source.batches():
        kept = {name: batch.column(name) for name in source.columns if name != field}
        kept[field] = pa.array([next(texts) for _ in range(batch.num_rows)], pa.string())
        yield pa.RecordBatch.from_pydict(kept)


def _write_list(file: IO[bytes], name: str, values: Iterable[Any] | None) -> None:
    file.write(_json(name) + b":")
    if values is None:
        file.write(b"null,")
        return
    separator = b"["
    for value in values:
        file.write(separator + _json(value))
        separator = b","
    file.write(b"]," if separator == b"," else b"[],")


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
