"""Evaluation: the chosen metrics over the dataset's predictions, saved as results.json."""

import logging
import time
from typing import Any

import msgspec

from touchstone_jobs import storage
from touchstone_jobs.attempt import Attempt, Finished
from touchstone_jobs.cluster import each_result
from touchstone_jobs.dataset_files import GROUND_TRUTH
from touchstone_jobs.evaluation.metrics import ROW_METRICS, result_object, score_shard
from touchstone_jobs.evaluation.rows import Rows, Scores, joined, read_rows
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.numbers import flat_metrics, merged_sections
from touchstone_jobs.source import fetch_source
from touchstone_jobs.wire import KNOWN_METRICS, Compilation, EvaluationSettings

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
    metrics = _compute(attempt, settings, rows)
    artifacts = {
        "predictions": rows.predictions,
        "ground_truth": rows.references if GROUND_TRUTH in source.columns else None,
        "evaluation_time": time.monotonic() - began,
    }
    attempt.refuse_if_superseded()
    _save(attempt, {"metrics": metrics, "parameters": attempt.config.report, "artifacts": artifacts})
    return Finished(metrics=flat_metrics(metrics))


def _refuse_unknown(settings: EvaluationSettings) -> None:
    unknown = [name for name in settings.metrics if name not in KNOWN_METRICS]
    if unknown or not settings.metrics:
        known = ", ".join(KNOWN_METRICS)
        raise JobFailure("unknown_metric", f"Unknown metrics: {', '.join(unknown) or 'none named'}. Known are {known}.")


def _compute(attempt: Attempt, settings: EvaluationSettings, rows: Rows) -> dict[str, Any]:
    """All metrics known by name, null where not computed."""
    chosen = [name for name in KNOWN_METRICS if name in settings.metrics]
    computed = _row_metrics(attempt, [name for name in chosen if name in ROW_METRICS], len(chosen), rows)
    return {name: result_object(name, computed[name]) if name in computed else None for name in KNOWN_METRICS}


def _row_metrics(attempt: Attempt, names: list[str], all_metrics: int, rows: Rows) -> dict[str, Scores]:
    calls = [(name, shard) for name in names for shard in rows.shards(ROW_METRICS[name].shard)]
    parts: dict[int, Scores] = {}
    for number, scores in each_result(score_shard, calls):
        parts[number] = scores
        attempt.progress.write_if_due()
    by_name = {name: [parts[number] for number, call in enumerate(calls) if call[0] == name] for name in names}
    attempt.progress.add(done=len(rows.predictions))
    return {name: joined(shards) for name, shards in by_name.items()}


def _save(attempt: Attempt, results: dict[str, Any]) -> None:
    config = attempt.config
    path = attempt.folder / "results.json"
    _log.info("Storing evaluation results to %s", path)
    body = msgspec.json.encode(results)
    path.write_bytes(body)
    _log.info("Storing evaluation results for S3 to %s", config.results_uri)
    storage.put_file(config.results_uri, path)
    if config.compilation:
        _compile(config.compilation, body)


def _compile(compilation: Compilation, evaluation: bytes) -> None:
    inference = storage.get(compilation.inference_results_uri)
    storage.put(compilation.compiled_uri, merged_sections(evaluation, inference))
    _log.info("Compiled results stored at %s", compilation.compiled_uri)
