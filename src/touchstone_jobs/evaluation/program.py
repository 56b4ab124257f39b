"""Evaluation: the chosen metrics over the dataset's predictions, saved as results.json."""

import logging
import time
from collections.abc import Container
from typing import Any

import msgspec

from touchstone_jobs import storage
from touchstone_jobs.attempt import Attempt, Finished
from touchstone_jobs.cluster import each_result
from touchstone_jobs.dataset_files import GROUND_TRUTH
from touchstone_jobs.evaluation.metrics import (
    ROW_METRICS,
    refuse_missing_packages,
    result_object,
    score_shard,
    scores_of_all,
)
from touchstone_jobs.evaluation.rows import Rows, Scores, read_rows
from touchstone_jobs.evaluation.scores_file import SCORES_FILE, write_scores
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.numbers import flat_metrics, merged_sections
from touchstone_jobs.source import fetch_source
from touchstone_jobs.wire import CONTRACT_METRICS, KNOWN_METRICS, Compilation, EvaluationSettings

_log = logging.getLogger(__name__)


def evaluate(attempt: Attempt) -> Finished:
    """Computes every metric, then writes results.json and, inside a workflow, compiled.json."""
    settings = attempt.config.evaluation
    if settings is None:
        raise JobFailure("bad_config", "The config of an evaluation names no metrics.")
    _refuse_unknown(settings)
    source = fetch_source(attempt.config, attempt.folder)
    rows = read_rows(source, settings)
    attempt.progress.begin(len(rows.predictions))
    began = time.monotonic()
    scores = _compute(attempt, settings, rows)
    metrics = {name: result_object(name, scores[name]) if name in scores else None for name in _named(scores)}
    artifacts = {
        "predictions": rows.predictions,
        "ground_truth": rows.references if GROUND_TRUTH in source.columns else None,
        "evaluation_time": time.monotonic() - began,
    }
    attempt.refuse_if_superseded()
    write_scores(attempt.folder / SCORES_FILE, list(source.keys(without=[settings.predictions_field])), scores)
    _save(attempt, {"metrics": metrics, "parameters": attempt.config.report, "artifacts": artifacts})
    return Finished(metrics=flat_metrics(metrics))


def _named(scores: Container[str]) -> list[str]:
    return [name for name in KNOWN_METRICS if name in CONTRACT_METRICS or name in scores]


def _refuse_unknown(settings: EvaluationSettings) -> None:
    unknown = [name for name in settings.metrics if name not in KNOWN_METRICS]
    if unknown or not settings.metrics:
        known = ", ".join(KNOWN_METRICS)
        raise JobFailure("unknown_metric", f"Unknown metrics: {', '.join(unknown) or 'none named'}. Known are {known}.")


def _compute(attempt: Attempt, settings: EvaluationSettings, rows: Rows) -> dict[str, Scores]:
    chosen = [name for name in KNOWN_METRICS if name in settings.metrics]
    by_rows = [name for name in chosen if name in ROW_METRICS]
    by_judge = [name for name in chosen if KNOWN_METRICS[name].judge]
    refuse_missing_packages(by_rows)
    scores = _row_metrics(attempt, settings, by_rows, rows, share=1 / len(chosen))
    return scores | _judged(attempt, settings, by_judge, rows, share=1 / len(chosen))


def _row_metrics(
    attempt: Attempt, settings: EvaluationSettings, names: list[str], rows: Rows, share: float
) -> dict[str, Scores]:
    """`share` is how much of a row is done when one metric has looked at it."""
    calls = [(name, shard, settings.task) for name in names for shard in rows.shards(ROW_METRICS[name].shard)]
    parts: dict[int, Scores] = {}
    gpus = [settings.num_gpus if ROW_METRICS[name].has_model else 0.0 for name, _, _ in calls]
    for number, scores in each_result(score_shard, calls, num_gpus=gpus):
        parts[number] = scores
        attempt.progress.add(done=len(calls[number][1].predictions) * share)
        attempt.progress.write_if_due()
    return {
        name: scores_of_all(name, [parts[number] for number, call in enumerate(calls) if call[0] == name])
        for name in names
    }


def _judged(
    attempt: Attempt, settings: EvaluationSettings, names: list[str], rows: Rows, share: float
) -> dict[str, Scores]:
    if not names:
        return {}
    from touchstone_jobs.evaluation.panel import DIMENSIONS, Panel, panel_of  # aiohttp is slow to load

    judges = len(panel_of(settings, None))
    verdicts_per_row = judges * sum(len(DIMENSIONS[name]) for name in names)
    step = share * len(names) / verdicts_per_row
    return Panel(attempt, settings, step).scores(names, rows)


def _save(attempt: Attempt, results: dict[str, Any]) -> None:
    config = attempt.config
    path = attempt.folder / "results.json"
    _log.info("Storing evaluation results to %s", path)
    body = msgspec.json.encode(results)
    path.write_bytes(body)
    _log.info("Storing evaluation results for S3 to %s", config.results_uri)
    storage.put_file(config.results_uri.rpartition("/")[0] + "/" + SCORES_FILE, attempt.folder / SCORES_FILE)
    storage.put_file(config.results_uri, path)
    if config.compilation:
        _compile(config.compilation, body)


def _compile(compilation: Compilation, evaluation: bytes) -> None:
    inference = storage.get(compilation.inference_results_uri)
    storage.put(compilation.compiled_uri, merged_sections(evaluation, inference))
    _log.info("Compiled results stored at %s", compilation.compiled_uri)
