"""`results.json` of an inference (section 5.1 of the evaluation contract), and the dataset with its answers.

Both are written row by row from the dataset and the answers on disk.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import msgspec

from touchstone_jobs.dataset_files import GROUND_TRUTH, RecordBatch
from touchstone_jobs.inference.samples import Answer, Answers, TokenUsage
from touchstone_jobs.source import EXAMPLES, Source
from touchstone_jobs.wire import InferenceSettings

PREDICTIONS = "predictions"
_OWN_NAMES = {EXAMPLES, PREDICTIONS, GROUND_TRUTH, "reasoning", "inference_metrics", "latency_seconds", "errors"} | {
    "model",
    "inference_time",
}
_TOKEN_COUNTS = ("prompt_tokens", "total_tokens", "completion_tokens", "reasoning_tokens", "answer_tokens")


class ResultsFile:
    """`seconds` is the time spent on answering."""

    def __init__(self, source: Source, answers: Answers, settings: InferenceSettings, seconds: float) -> None:
        self._source = source
        self._answers = answers
        self._settings = settings
        self._seconds = seconds

    def write(self, path: Path, parameters: dict[str, Any]) -> dict[str, float]:
        """Answers the metrics that stand in the file."""
        metrics = average_tokens(self._answers)
        with path.open("wb") as file:
            file.write(b'{"metrics":' + _json(metrics) + b',"parameters":' + _json(parameters) + b',"artifacts":{')
            for name, values in self._lists():
                _write_list(file, name, values)
            file.write(b'"model":' + _json(self._settings.model))
            file.write(b',"inference_time":' + _json(self._seconds) + b"}}")
        return metrics

    def _lists(self) -> Iterator[tuple[str, Iterable[Any] | None]]:
        """All but `model` and `inference_time`; None where the contract has null."""
        field = self._settings.output_field
        yield EXAMPLES, self._source.values(EXAMPLES)
        # an answer under a field of its own is a prediction all the same, which is where clients look for it
        yield PREDICTIONS, None if field == GROUND_TRUTH else self._texts()
        yield GROUND_TRUTH, self._ground_truth()
        if field not in _OWN_NAMES:
            yield field, self._texts()
        yield "reasoning", (answer and answer.reasoning for answer in self._answers.in_order())
        yield "inference_metrics", (_token_counts(answer) for answer in self._answers.in_order())
        yield "latency_seconds", (answer and answer.seconds for answer in self._answers.in_order())
        yield "errors", (answer and answer.error for answer in self._answers.in_order())

    def _ground_truth(self) -> Iterable[str | None] | None:
        if self._settings.output_field == GROUND_TRUTH:
            return self._texts()
        return self._source.values(GROUND_TRUTH) if GROUND_TRUTH in self._source.columns else None

    def _texts(self) -> Iterator[str | None]:
        return (answer and answer.text for answer in self._answers.in_order())


def average_tokens(answers: Answers) -> dict[str, float]:
    """`avg_…_tokens` over the answers whose provider counted; empty when none did."""
    usages = [0] * len(_TOKEN_COUNTS)
    counted = 0
    for answer in answers.in_order():
        if answer and answer.usage:
            counted += 1
            usages = [total + getattr(answer.usage, name) for total, name in zip(usages, _TOKEN_COUNTS, strict=True)]
    return {f"avg_{name}": total / counted for name, total in zip(_TOKEN_COUNTS, usages, strict=True) if counted}


def _token_counts(answer: Answer | None) -> dict[str, int] | None:
    usage: TokenUsage | None = answer.usage if answer else None
    return {name: getattr(usage, name) for name in _TOKEN_COUNTS} if usage else None


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
