"""What clients send and get."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec

from touchstone.domains.jobs.model import FailureReason, GenerationConfig, Judge, Prices, Progress
from touchstone.domains.jobs.schemas import BatchSize, FurtherJudges, Name, Seconds, Text
from touchstone.domains.workflows.model import WorkflowStatus


class NewWorkflow(msgspec.Struct, kw_only=True):
    """`config_template` is taken and ignored, as clients still send it."""

    name: Name
    description: Text = ""
    experiment_id: str | None = None
    model: Name
    provider: Name
    secret_key_name: str | None = None
    batch_size: BatchSize = 1
    base_url: str | None = None
    system_prompt: Text = ""
    inference_output_field: str = "predictions"
    config_template: str | None = None
    generation_config: GenerationConfig = msgspec.field(default_factory=GenerationConfig)
    job_timeout_sec: Seconds = 3600
    metrics: list[str] | None = None
    llm_as_judge: Judge | None = None
    judges: FurtherJudges = []
    max_failed_samples: int = 0
    prices: Prices | None = None


class CreatedWorkflow(msgspec.Struct, kw_only=True):
    """`id` is 32 hex digits, `experiment_id` a number as text."""

    id: str
    experiment_id: str
    model: str
    name: str
    description: str
    system_prompt: str
    status: WorkflowStatus
    created_at: dt.datetime
    updated_at: dt.datetime | None = None


class JobResults(msgspec.Struct):
    id: UUID
    metrics: list[dict[str, Any]] | None
    parameters: list[dict[str, Any]] | None
    metric_url: str = ""
    artifact_url: str = ""


class WorkflowDetails(CreatedWorkflow, kw_only=True):
    jobs: list[JobResults] | None = None
    metrics: dict[str, Any] | None = None
    parameters: dict[str, Any] | None = None
    artifacts_download_url: str | None = None
    failure_reason: FailureReason | None = None
    progress: Progress | None = None
    started_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
