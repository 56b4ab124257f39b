"""Inference and annotation: every row of the dataset gets an answer, and the answers are saved."""

import asyncio
import logging
import time
from collections.abc import Iterator

from touchstone_jobs import storage
from touchstone_jobs.attempt import Attempt, Finished
from touchstone_jobs.dataset_files import FILES, write_dataset
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.providers import predictor_for
from touchstone_jobs.inference.recorder import Recorder
from touchstone_jobs.inference.results import ResultsFile, with_answers
from touchstone_jobs.inference.samples import Answer, Answers, Predictor, Sample
from touchstone_jobs.keeping import while_keeping
from touchstone_jobs.numbers import flat_metrics
from touchstone_jobs.segments import Segments
from touchstone_jobs.source import EXAMPLES, Source, fetch_source
from touchstone_jobs.wire import DatasetFacts, DatasetTarget, InferenceSettings

_log = logging.getLogger(__name__)


def infer(attempt: Attempt) -> Finished:
    """Answers what earlier attempts left, then writes results.json and, where asked for, a dataset."""
    settings = attempt.config.inference
    if settings is None:
        raise JobFailure("bad_config", "The config of an inference names no model.")
    source = fetch_source(attempt.config, attempt.folder)
    if EXAMPLES not in source.columns:
        raise JobFailure("missing_examples", f"The dataset {attempt.config.dataset.name} has no column {EXAMPLES}.")
    answers = Answers(attempt.folder / "answers.jsonl", source.rows)
    began = time.monotonic()
    _answer_missing(attempt, settings, source, answers)
    seconds = time.monotonic() - began
    attempt.refuse_if_superseded()
    metrics = _save_results(attempt, settings, ResultsFile(source, answers, settings, seconds))
    target = attempt.config.target
    dataset = _save_dataset(attempt, target, source, answers, settings.output_field) if target else None
    return Finished(metrics=flat_metrics(metrics), dataset=dataset)


def _answer_missing(attempt: Attempt, settings: InferenceSettings, source: Source, answers: Answers) -> None:
    segments = Segments(attempt.config.work_uri + "segments/", attempt.config.attempt, Answer)
    for answer in segments.earlier():
        if answer.error is None and answer.row < source.rows:
            answers.add(answer)
    finished = sum(answers.has(row) for row in range(source.rows))
    attempt.progress.begin(source.rows, done=finished)
    missing = source.rows - finished
    _log.info("%d of %d samples to answer: %s (%s)", missing, source.rows, settings.model, settings.provider)
    if not missing:
        return
    recorder = Recorder(attempt, answers, segments, settings.max_failed_samples)
    predictor = predictor_for(settings, attempt)
    asyncio.run(while_keeping(_answer_all(predictor, source, answers, recorder), segments, attempt))
    recorder.refuse_if_too_many_failed()


async def _answer_all(predictor: Predictor, source: Source, answers: Answers, recorder: Recorder) -> None:
    textless = [row for row, text in enumerate(source.values(EXAMPLES)) if text is None and not answers.has(row)]
    for row in textless:
        await recorder.record(Answer(row=row, error=f"the row has no text in the column {EXAMPLES}"))
    await predictor.answer_all(_missing(source, answers), recorder.record)


def _missing(source: Source, answers: Answers) -> Iterator[Sample]:
    for row, text in enumerate(source.values(EXAMPLES)):
        if text is not None and not answers.has(row):
            yield Sample(row=row, text=text)


def _save_results(attempt: Attempt, settings: InferenceSettings, results: ResultsFile) -> dict[str, float]:
    path = attempt.folder / "results.json"
    metrics = results.write(path, attempt.config.report)
    storage.put_file(attempt.config.results_uri, path)
    _log.info("Inference results stored at %s", attempt.config.results_uri)
    return metrics


def _save_dataset(
    attempt: Attempt, target: DatasetTarget, source: Source, answers: Answers, output_field: str
) -> DatasetFacts:
    folder = attempt.folder / "dataset"
    folder.mkdir()
    facts = write_dataset(with_answers(source, answers, output_field), folder)
    for name in FILES:
        storage.put_file(target.folder_uri + name, folder / name)
    _log.info("Dataset %s of %d rows stored at %s", target.name, facts.rows, target.folder_uri)
    return facts
