"""What `touchstone_jobs` leaves behind, canned: the work of a FakeRunner, through any object store."""

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pyarrow as pa
from tests.fakes.runner import FAILS, SUCCEEDS, Fate, fate_by_word

from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.runner import Submission
from touchstone_jobs import dataset_files, wire
from touchstone_jobs.evaluation.metrics import result_object
from touchstone_jobs.evaluation.rows import Scores
from touchstone_jobs.evaluation.scores_file import SCORES_FILE, write_scores
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.numbers import flat_metrics, merged_sections
from touchstone_jobs.wire import (
    OUTCOME_FILE,
    Compilation,
    DatasetFacts,
    DatasetTarget,
    EvaluationSettings,
    FailureReason,
    JobConfig,
    Outcome,
    Progress,
)

MEMBERS = {
    "rouge": ("rouge1", "rouge2", "rougeL", "rougeLsum"),
    "meteor": ("meteor",),
    "bertscore": ("precision", "recall", "f1"),
    "bleu": ("bleu",),
    "comet": ("scores",),
    "g_eval_summarization": ("coherence", "consistency", "fluency", "relevance"),
    "g_eval_translation": ("consistency", "fluency"),
    "g_eval_translation_noref": ("consistency", "fluency"),
    "token_length": ("ref_token_length", "pred_token_length"),
    "corpus_bleu": (),
    "chrf": ("chrf",),
    "ter": ("ter",),
    "exact_match": ("exact_match",),
    "token_f1": ("precision", "recall", "f1"),
    "embedding_similarity": ("embedding_similarity",),
}
SCORE = 0.5
FAILED_AS_TOLD = FailureReason(code="failed_as_told", message="The job was told to fail.")


class CannedJobs:
    """`fate` is a FakeRunner's script and goes by the job's name; `work` is its work.

    Predictions are an example's first three words, every score is 0.5, every call took 1.25 seconds.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def config(self, submission: Submission) -> JobConfig:
        return msgspec.json.decode(await self._read(submission.config_uri), type=JobConfig)

    async def fate(self, submission: Submission) -> Fate:
        config = await self.config(submission)
        # a job told to fail does so in its work, where it can say why
        fate = SUCCEEDS if fate_by_word(config.name) is FAILS else fate_by_word(config.name)
        return msgspec.structs.replace(fate, prints=f"Attempt {config.attempt} of job {config.job_id} begins\n")

    async def work(self, submission: Submission) -> None:
        config = await self.config(submission)
        if fate_by_word(config.name) is FAILS:
            await self._end(config, succeeded=False, failure=FAILED_AS_TOLD)
            raise JobFailure(FAILED_AS_TOLD.code, FAILED_AS_TOLD.message)
        if config.kind == "evaluator":
            await self._evaluate(config)
        else:
            await self._infer(config)

    async def _infer(self, config: JobConfig) -> None:
        settings, rows = config.inference, await self._rows(config)
        assert settings is not None
        answers = [" ".join((row["examples"] or "").split()[:3]) for row in rows]
        filled = [{**row, settings.output_field: answer} for row, answer in zip(rows, answers, strict=True)]
        artifacts = {
            "examples": [row["examples"] for row in rows],
            "ground_truth": [row.get("ground_truth") for row in filled] if "ground_truth" in filled[0] else None,
            "predictions": answers if settings.output_field != "ground_truth" else None,
            **{name: [None] * len(rows) for name in ("reasoning", "inference_metrics", "errors")},
            "latency_seconds": [1.25] * len(rows),
            "totals": {"answered": len(rows), "failed": 0},
            "model": settings.model,
            "inference_time": 1.25,
        }
        await self._write_json(config.results_uri, _results({}, artifacts, config))
        dataset = await self._write_dataset(config.target, filled) if config.target else None
        await self._end(config, rows=len(rows), dataset=dataset)

    async def _evaluate(self, config: JobConfig) -> None:
        settings, rows = config.evaluation, await self._rows(config)
        assert settings is not None
        await self._require(config, settings, rows)
        scored = {
            metric: _scores(metric, len(rows)) if metric in settings.metrics else None
            for metric in wire.KNOWN_METRICS
            if metric in wire.CONTRACT_METRICS or metric in settings.metrics
        }
        artifacts = {
            "predictions": [row.get(settings.predictions_field) for row in rows],
            "ground_truth": [row.get("ground_truth") for row in rows],
            "evaluation_time": 1.25,
        }
        results = _results(scored, artifacts, config)
        await self._write_scores(config, settings)
        await self._write_json(config.results_uri, results)
        if config.compilation:
            await self._compile(config.compilation, results)
        await self._end(config, rows=len(rows), metrics=flat_metrics(scored))

    async def _write_scores(self, config: JobConfig, settings: EvaluationSettings) -> None:
        with tempfile.TemporaryDirectory() as name:
            dataset, scores = Path(name, dataset_files.ARROW_FILE), Path(name, SCORES_FILE)
            dataset.write_bytes(await self._read(config.dataset.folder_uri + dataset_files.ARROW_FILE))
            keys = list(dataset_files.row_keys(dataset, without=[settings.predictions_field]))
            keys = keys[: config.max_samples] if config.max_samples > 0 else keys
            given = {metric: _row_scores(metric, len(keys)) for metric in settings.metrics}
            write_scores(scores, keys, given)
            await self._store.put(self._key(config.attempt_uri + SCORES_FILE), scores.read_bytes())

    async def _require(
        self, config: JobConfig, settings: EvaluationSettings, rows: list[dict[str, str | None]]
    ) -> None:
        needs_reference = any(wire.KNOWN_METRICS[metric].reference for metric in settings.metrics)
        if needs_reference and any(row.get("ground_truth") is None for row in rows):
            failure = FailureReason(code="missing_ground_truth", message="The dataset has no ground truth.")
            await self._end(config, succeeded=False, failure=failure)
            raise JobFailure(failure.code, failure.message)

    async def _compile(self, compilation: Compilation, evaluated: dict[str, Any]) -> None:
        inferred = await self._read(compilation.inference_results_uri)
        compiled = msgspec.Raw(merged_sections(msgspec.json.encode(evaluated), inferred))
        await self._write_json(compilation.compiled_uri, compiled)

    async def _end(
        self,
        config: JobConfig,
        *,
        rows: int = 0,
        succeeded: bool = True,
        metrics: dict[str, float] | None = None,
        failure: FailureReason | None = None,
        dataset: DatasetFacts | None = None,
    ) -> None:
        outcome = Outcome(
            attempt=config.attempt,
            succeeded=succeeded,
            progress=Progress(done=rows, total=rows, rate_per_second=1.0 if rows else 0.0),
            metrics=metrics or {},
            failure=failure,
            dataset=dataset,
        )
        await self._write_json(config.attempt_uri + OUTCOME_FILE, outcome)

    async def _rows(self, config: JobConfig) -> list[dict[str, str | None]]:
        body = await self._read(config.dataset.folder_uri + dataset_files.ARROW_FILE)
        with pa.ipc.open_stream(body) as reader:
            rows = reader.read_all().to_pylist()
        return rows[: config.max_samples] if config.max_samples > 0 else rows

    async def _write_dataset(self, target: DatasetTarget, rows: list[dict[str, str | None]]) -> DatasetFacts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            facts = dataset_files.write_dataset([pa.RecordBatch.from_pylist(rows)], folder)
            for file in dataset_files.FILES:
                await self._store.put(self._key(target.folder_uri + file), (folder / file).read_bytes())
        return facts

    async def _read(self, uri: str) -> bytes:
        return await self._store.get(self._key(uri), at_most=64 * 1024 * 1024)

    async def _write_json(self, uri: str, value: object) -> None:
        await self._store.put(self._key(uri), msgspec.json.encode(value), content_type="application/json")

    def _key(self, uri: str) -> str:
        """The inverse of the store's `uri`."""
        start = self._store.uri("x/").removesuffix("x/")
        assert uri.startswith(start), f"{uri} is not in the store"
        return unquote(uri.removeprefix(start)) if start.startswith("file:") else uri.removeprefix(start)


def _results(metrics: dict[str, Any], artifacts: dict[str, Any], config: JobConfig) -> dict[str, Any]:
    return {"metrics": metrics, "artifacts": artifacts, "parameters": config.report}


def _scores(metric: str, rows: int) -> dict[str, Any]:
    return result_object(metric, _row_scores(metric, rows))


def _row_scores(metric: str, rows: int) -> Scores:
    value = {"score": SCORE, "reason": "canned"} if metric.startswith("g_eval_") else SCORE
    return Scores(lists={member: [value] * rows for member in MEMBERS[metric]})
