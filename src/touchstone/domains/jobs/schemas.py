"""What clients send and get."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from touchstone.domains.belonging.model import BelongingFields
from touchstone.domains.jobs.model import (
    FailureReason,
    GenerationConfig,
    JobKind,
    JobStatus,
    Judge,
    Prices,
    Progress,
    Summarization,
    TaskDefinition,
)

Name = Annotated[str, Meta(max_length=1000)]
Text = Annotated[str, Meta(max_length=100_000)]
BatchSize = Annotated[int, Meta(gt=0, le=2**31 - 1)]
Samples = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1, description="Anything below 1 means all.")]
Seconds = Annotated[int, Meta(gt=0, le=2**31 - 1)]


FurtherJudges = Annotated[
    list[Judge], Meta(max_length=8, description="Beside `llm_as_judge`; the score is then the mean of all judges.")
]
WorkerGpus = Annotated[
    float, Meta(ge=0, le=64, description="For each worker; unset: as the service is set, else one where there are any.")
]
MetricGpus = Annotated[float, Meta(ge=0, le=64, description="For each task of a metric that has a model of its own.")]


class _GenerationFields(msgspec.Struct, kw_only=True):
    task_definition: TaskDefinition = msgspec.field(default_factory=Summarization)
    accelerator: str | None = "auto"
    revision: str | None = "main"
    use_fast: bool = True
    trust_remote_code: bool = False
    torch_dtype: str = "auto"
    base_url: str | None = None
    generation_config: GenerationConfig = msgspec.field(default_factory=GenerationConfig)
    system_prompt: Text | None = None
    secret_key_name: str | None = None
    max_failed_samples: int = 0
    num_gpus: WorkerGpus | None = None
    prices: Prices | None = None


class InferenceConfig(_GenerationFields, kw_only=True):
    job_type: Literal["inference"] = "inference"
    model: Name
    provider: Name
    output_field: str | None = "predictions"
    store_to_dataset: bool = False


class AnnotateConfig(_GenerationFields, kw_only=True):
    job_type: Literal["annotate"] = "annotate"
    model: Name = "facebook/bart-large-cnn"
    provider: Name = "hf"
    output_field: str | None = "ground_truth"
    store_to_dataset: bool = True


class EvaluatorConfig(msgspec.Struct, kw_only=True):
    job_type: Literal["evaluator"] = "evaluator"
    task_definition: TaskDefinition = msgspec.field(default_factory=Summarization)
    metrics: set[str] | UnsetType = UNSET
    llm_as_judge: Judge | None = None
    judges: FurtherJudges = []
    secret_key_name: str | None = None
    predictions_field: str = "predictions"
    num_gpus: MetricGpus | None = None


JobConfig = InferenceConfig | AnnotateConfig | EvaluatorConfig


class _NewJob(BelongingFields, kw_only=True):
    name: Name
    description: Text = ""
    dataset: UUID
    max_samples: Samples = -1
    batch_size: BatchSize = 1
    job_timeout_sec: Seconds | None = None


class NewInferenceJob(_NewJob, kw_only=True):
    job_config: InferenceConfig


class NewAnnotateJob(_NewJob, kw_only=True):
    job_config: AnnotateConfig


class NewEvaluatorJob(_NewJob, kw_only=True):
    job_config: EvaluatorConfig


NewJob = NewInferenceJob | NewAnnotateJob | NewEvaluatorJob


class CreatedJob(msgspec.Struct):
    id: UUID
    name: str
    description: str
    status: JobStatus
    job_type: JobKind
    created_at: dt.datetime
    experiment_id: UUID | None = None
    updated_at: dt.datetime | None = None


class Job(CreatedJob, kw_only=True):
    """`job_id` repeats `id`: the published client asks for both."""

    job_id: UUID
    type: str | None = "SUBMISSION"
    submission_id: str | None = None
    driver_info: str | None = None
    config: dict[str, Any] | None = None
    message: str | None = None
    error_type: str | None = None
    start_time: dt.datetime | None = None
    end_time: dt.datetime | None = None
    metadata: dict[str, Any] = {}
    runtime_env: dict[str, Any] = {}
    driver_agent_http_address: str | None = None
    driver_node_id: str | None = None
    driver_exit_code: int | None = None
    workflow_id: str | None = None
    attempt: int = 1
    progress: Progress | None = None
    failure_reason: FailureReason | None = None
    started_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None


class LogsOfJob(msgspec.Struct):
    logs: str | None = None


class JobResult(msgspec.Struct):
    id: UUID
    job_id: UUID
    metrics: dict[str, float] = {}


class JobResultDownload(msgspec.Struct):
    id: UUID
    download_url: str


class SecretValue(msgspec.Struct):
    value: str


class RayJob(msgspec.Struct):
    """What the published client reads of Ray's own answer; `status` is upper case."""

    submission_id: str
    job_id: str | None
    type: str
    status: str
    message: str | None
    error_type: str | None
    start_time: int | None
    end_time: int | None
    metadata: dict[str, Any]
    runtime_env: dict[str, Any]
    driver_exit_code: int | None
    entrypoint: str
