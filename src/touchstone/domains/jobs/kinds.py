"""The kinds of job: what each takes, shows, and hands to the cluster. A new kind is a class listed in KINDS."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol, cast
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET

from touchstone.domains.datasets.naming import safe_name
from touchstone.domains.jobs.model import JobKind, JobRow, TaskDefinition
from touchstone.domains.jobs.schemas import AnnotateConfig, EvaluatorConfig, InferenceConfig, JobConfig
from touchstone.errors import InvalidValue
from touchstone_jobs import wire

DEFAULT_METRICS: dict[str, list[str]] = {
    "summarization": ["bertscore", "meteor", "rouge"],
    "translation": ["bleu", "comet", "meteor"],
    "text-generation": ["bertscore", "bleu", "meteor", "rouge"],
}


RESULTS_FILE = "results.json"
# what an evaluation has beside it: each row's scores, for telling which rows differ between two models
SCORES_FILE = "scores.parquet"
COMPILED_FILE = "compiled.json"

# where in the object store things of jobs lie whose places no setting names
WORK, LOGS, COMPILED = "jobs/work/", "jobs/logs/", "workflows/results/"


class Layout(msgspec.Struct, frozen=True):
    """Where in the object store a job's things lie. Keys; folders end with a slash."""

    results_prefix: str
    datasets_prefix: str

    def results(self, job_id: UUID, name: str) -> str:
        return f"{self.results_prefix}/{safe_name(name)}/{job_id}/{RESULTS_FILE}"

    def scores(self, job_id: UUID, name: str) -> str:
        return f"{self.results_prefix}/{safe_name(name)}/{job_id}/{SCORES_FILE}"

    def work(self, job_id: UUID) -> str:
        return f"{WORK}{job_id}/"

    def logs(self, job_id: UUID) -> str:
        return f"{LOGS}{job_id}/"

    def attempt(self, job_id: UUID, attempt: int) -> str:
        return f"{self.work(job_id)}{attempt}/"

    def dataset(self, dataset_id: UUID, filename: str) -> str:
        return f"{self.datasets_prefix}/{dataset_id}/{safe_name(filename)}/"

    def compiled(self, workflow_id: UUID) -> str:
        return f"{COMPILED}{workflow_id.hex}/{COMPILED_FILE}"


class Kind(Protocol):
    """One kind of job."""

    name: JobKind
    config: type[JobConfig]

    def accept(self, config: Any) -> dict[str, Any]:
        """The config to keep, every default filled in. Raises InvalidValue."""
        ...

    def show(self, job: JobRow, results_uri: str) -> dict[str, Any]:
        """The config as the evaluation contract shows it, before its three common edits."""
        ...

    def settings(self, job: JobRow) -> "wire.InferenceSettings | wire.EvaluationSettings":
        """What the cluster code needs."""
        ...


class Inference:
    name = JobKind.INFERENCE
    config: type[JobConfig] = InferenceConfig

    def accept(self, config: Any) -> dict[str, Any]:
        return {**msgspec.to_builtins(config), "output_field": config.output_field or "predictions"}

    def show(self, job: JobRow, results_uri: str) -> dict[str, Any]:
        config = job.config
        is_hf = config["provider"] == "hf"
        return {
            "name": f"{job.name}/{job.id}",
            "job": {
                "max_samples": job.max_samples,
                "batch_size": job.batch_size,
                "storage_path": results_uri,
                "output_field": config["output_field"],
                "enable_tqdm": True,
            },
            "system_prompt": config["system_prompt"],
            "inference_server": None if is_hf else _server(config),
            "generation_config": config["generation_config"],
            "hf_pipeline": _pipeline(config) if is_hf else None,
            "task_definition": config["task_definition"],
            "max_samples": job.max_samples,
            "model_name_or_path": config["model"],
        }

    def settings(self, job: JobRow) -> wire.InferenceSettings:
        fields = {**job.config, "task": job.config["task_definition"], "generation": job.config["generation_config"]}
        asked_gpus = job.config.get("num_gpus") or 0.0
        return msgspec.convert({**fields, "batch_size": job.batch_size, "num_gpus": asked_gpus}, wire.InferenceSettings)


class Annotate(Inference):
    name = JobKind.ANNOTATE
    config: type[JobConfig] = AnnotateConfig

    def accept(self, config: Any) -> dict[str, Any]:
        return {**msgspec.to_builtins(config), "output_field": config.output_field or "ground_truth"}


class Evaluator:
    name = JobKind.EVALUATOR
    config: type[JobConfig] = EvaluatorConfig

    def accept(self, config: Any) -> dict[str, Any]:
        metrics = default_metrics(config.task_definition) if config.metrics is UNSET else sorted(config.metrics)
        require_known_metrics(metrics, ("body", "job_config", "metrics"))
        return {**msgspec.to_builtins(config), "metrics": metrics}

    def show(self, job: JobRow, results_uri: str) -> dict[str, Any]:
        config = job.config
        judges = {name: config[name] for name in ("llm_as_judge", "judges") if config.get(name)}
        return {
            "name": f"{job.name}/{job.id}",
            "evaluation": {
                "metrics": config["metrics"],
                **judges,
                "max_samples": job.max_samples,
                "return_input_data": True,
                "return_predictions": True,
                "storage_path": results_uri,
            },
            "predictions_field": config["predictions_field"],
            "max_samples": job.max_samples,
            "model_name_or_path": None,
        }

    def settings(self, job: JobRow) -> wire.EvaluationSettings:
        fields = {**job.config, "task": job.config["task_definition"], "judge": job.config["llm_as_judge"]}
        asked_gpus = job.config.get("num_gpus") or 0.0
        return msgspec.convert({**fields, "num_gpus": asked_gpus}, wire.EvaluationSettings)


KINDS: dict[JobKind, Kind] = {kind.name: kind for kind in (Inference(), Annotate(), Evaluator())}


def default_metrics(task: TaskDefinition) -> list[str]:
    return DEFAULT_METRICS[type(task).__struct_config__.tag]  # pyright: ignore[reportArgumentType] a tag is a str here


def require_known_metrics(metrics: list[str], location: tuple[str, ...]) -> None:
    unknown = sorted(set(metrics).difference(wire.KNOWN_METRICS))
    if unknown:
        reason = f"Unknown metrics: {', '.join(unknown)}. Known are: {', '.join(sorted(wire.KNOWN_METRICS))}"
        raise InvalidValue(location=location, reason=reason, value=metrics)


def public_config(job: JobRow, results_uri: str) -> dict[str, Any]:
    """The `config` of a job as clients know it: rebuilt, with the dataset named, and redacted."""
    shown = KINDS[job.kind].show(job, results_uri)
    return redacted({**shown, "dataset": {"id": str(job.dataset_id), "name": job.dataset_name}})


_SENSITIVE = re.compile(r"api_key|_token", re.IGNORECASE)
_MAY_BE_SECRET = frozenset({str, list, dict})


def redacted(value: Any, key: str = "") -> Any:
    """Strings under a key that smells of a credential are masked, however deep."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {
            name: redacted(inner, name) if inner.__class__ in _MAY_BE_SECRET else inner
            for name, inner in members.items()
        }
    if isinstance(value, list):
        return [redacted(inner, key) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return "<REDACTED>" if isinstance(value, str) and is_sensitive(key) else value


@lru_cache(1024)
def is_sensitive(key: str) -> bool:
    return _SENSITIVE.search(key) is not None


class AttemptPlaces(msgspec.Struct, frozen=True):
    """Turns keys into URIs for one attempt's config."""

    layout: Layout
    uri: Callable[[str], str]
    num_gpus: float = 0.0


def target_dataset_id(job_id: UUID, attempt: int) -> UUID:
    """Of the dataset that an attempt makes, if it makes one."""
    return uuid5(job_id, f"dataset of attempt {attempt}")


def target_dataset(job: JobRow, layout: Layout) -> tuple[UUID, str, str] | None:
    """Id, file name and folder key of the dataset that this attempt makes, if it makes one.

    The id follows from job and attempt: a late attempt that was given up writes elsewhere.
    """
    if job.kind is JobKind.EVALUATOR or not (job.config["store_to_dataset"] or job.step == "inference"):
        return None
    stem = job.dataset_name.rpartition(".")[0] or job.dataset_name
    suffix = "annotated" if job.step is None else f"{job.config['model'].replace('/', '-')}-predictions"
    dataset_id = target_dataset_id(job.id, job.attempt)
    filename = f"{stem}-{suffix}.csv"
    return dataset_id, filename, layout.dataset(dataset_id, filename)


def attempt_config(job: JobRow, places: AttemptPlaces, *, ticket: wire.Ticket | None) -> wire.JobConfig:
    """Everything an attempt on the cluster is told."""
    layout, uri = places.layout, places.uri
    attempt = layout.attempt(job.id, job.attempt)
    settings = KINDS[job.kind].settings(job)
    if isinstance(settings, wire.InferenceSettings) and job.config.get("num_gpus") is None:
        settings.num_gpus = places.num_gpus
        settings.gpu_if_any = True
    target = target_dataset(job, layout)
    return wire.JobConfig(
        job_id=str(job.id),
        attempt=job.attempt,
        kind=job.kind.value,
        name=job.name,
        dataset=wire.DatasetSource(
            id=str(job.dataset_id),
            name=job.dataset_name,
            folder_uri=uri(job.dataset_folder),
            digest=job.dataset_digest,
        ),
        work_uri=uri(layout.work(job.id)),
        attempt_uri=uri(attempt),
        results_uri=uri(attempt + RESULTS_FILE),
        max_samples=job.max_samples,
        inference=settings if isinstance(settings, wire.InferenceSettings) else None,
        evaluation=settings if isinstance(settings, wire.EvaluationSettings) else None,
        target=wire.DatasetTarget(id=str(target[0]), name=target[1], folder_uri=uri(target[2])) if target else None,
        compilation=_compilation(job, places),
        ticket=ticket,
        report=public_config(job, uri(layout.results(job.id, job.name))),
    )


def _compilation(job: JobRow, places: AttemptPlaces) -> wire.Compilation | None:
    inference = job.config.get("inference_results_key")
    if job.workflow_id is None or inference is None:
        return None
    compiled = places.layout.attempt(job.id, job.attempt) + COMPILED_FILE
    return wire.Compilation(inference_results_uri=places.uri(inference), compiled_uri=places.uri(compiled))


def _server(config: dict[str, Any]) -> dict[str, Any]:
    return {**{key: config[key] for key in ("base_url", "model", "provider")}, "max_retries": 3}


def _pipeline(config: dict[str, Any]) -> dict[str, Any]:
    kept = ("revision", "use_fast", "trust_remote_code", "torch_dtype", "accelerator")
    return {
        "model_name_or_path": config["model"],
        "task": config["task_definition"]["task"],
        **{key: config[key] for key in kept},
        "truncation": True,
    }
