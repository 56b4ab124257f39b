"""What a workflow is: an inference job, then an evaluation job of what it made."""

import datetime as dt
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import msgspec

from touchstone.domains.jobs.model import FailureReason, JobStatus, Progress, TaskDefinition
from touchstone.errors import Conflict, NotFound, Refused


class WorkflowStatus(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    FAILED = "failed"
    SUCCEEDED = "succeeded"

    @property
    def is_final(self) -> bool:
        return self in (WorkflowStatus.FAILED, WorkflowStatus.SUCCEEDED)


class WorkflowJob(msgspec.Struct, frozen=True):
    """One of its jobs, as the workflow shows it."""

    id: UUID
    step: Literal["inference", "evaluation"]
    status: JobStatus
    metrics: dict[str, float]
    results_key: str | None
    progress: Progress | None


class WorkflowRow(msgspec.Struct, frozen=True):
    """`jobs` are newest first; `status` is `running` as soon as a job was submitted."""

    id: UUID
    experiment_id: int
    name: str
    description: str
    model: str
    provider: str
    system_prompt: str
    request: dict[str, Any]
    status: WorkflowStatus
    failure_reason: FailureReason | None
    compiled_key: str | None
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    updated_at: dt.datetime | None
    jobs: list[WorkflowJob]


class Subject(msgspec.Struct, frozen=True):
    """What a workflow takes over from its experiment."""

    id: int
    name: str
    dataset_id: UUID
    max_samples: int
    task_definition: TaskDefinition


class WorkflowNotFound(NotFound):
    """Workflow with ID {id} not found"""


class WorkflowWithoutExperiment(Refused):
    """Cannot create workflow '{name}': No experiment found."""


class WorkflowSecretMissing(Refused):
    """Cannot create workflow '{name}' for experiment '{experiment}': Requested secret key '{secret}' is not configured."""  # noqa: E501


class PromptMissing(Refused):
    """Default system_prompt not available for {task}"""


class WorkflowRunning(Refused):
    """Cannot delete a running workflow"""


class WorkflowStopping(Conflict):
    """Workflow with ID {id} is still being stopped; ask again in a moment"""

    retry_after_seconds = 1


class WorkflowResultNotReady(Conflict):
    """Workflow with ID {id} has no result: its status is {status}"""
