"""What a job is, the moves it may make, and what can go wrong with one."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from touchstone.adapters.runner import Run
from touchstone.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from touchstone_jobs.wire import FailureReason, Progress

__all__ = ["FailureReason", "Progress"]


class JobStatus(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    STOPPED = "stopped"

    @property
    def is_final(self) -> bool:
        return not MOVES[self]


# what may follow what by itself; a retry by a caller goes from FAILED or STOPPED back to CREATED. An attempt that was
# handed over may end before anybody noted it: so CREATED may become SUCCEEDED, but is never seen RUNNING first
MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.CREATED: frozenset(set(JobStatus) - {JobStatus.CREATED, JobStatus.RUNNING}),
    JobStatus.PENDING: frozenset(set(JobStatus) - {JobStatus.PENDING}),
    JobStatus.RUNNING: frozenset(set(JobStatus) - {JobStatus.RUNNING, JobStatus.PENDING}),
    JobStatus.FAILED: frozenset(),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.STOPPED: frozenset(),
}


class JobKind(StrEnum):
    INFERENCE = "inference"
    EVALUATOR = "evaluator"
    ANNOTATE = "annotate"


StopReason = Literal["cancelled", "timeout", "workflow"]

STOP_WORDS: dict[StopReason, str] = {
    "cancelled": "Somebody cancelled it.",
    "timeout": "It took longer than its timeout.",
    "workflow": "Its workflow ended or was deleted.",
}


class Summarization(msgspec.Struct, frozen=True, tag="summarization", tag_field="task", forbid_unknown_fields=True):
    pass


class Translation(msgspec.Struct, frozen=True, tag="translation", tag_field="task", forbid_unknown_fields=True):
    """Languages are ISO codes or English names."""

    source_language: str
    target_language: str


class TextGeneration(msgspec.Struct, frozen=True, tag="text-generation", tag_field="task", forbid_unknown_fields=True):
    pass


TaskDefinition = Summarization | Translation | TextGeneration


class GenerationConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    max_new_tokens: int = 1024
    frequency_penalty: float = 0.0
    temperature: float = 0.5
    top_p: float = 0.5


class Judge(msgspec.Struct, frozen=True):
    """An OpenAI-compatible endpoint that scores answers."""

    model_name: str
    model_base_url: str


Usd = Annotated[float, Meta(ge=0, le=1_000_000)]


class Prices(msgspec.Struct, frozen=True):
    """US dollars for a million tokens; reasoning counts as completion. They win over the prices we know."""

    prompt_usd_per_million: Usd
    completion_usd_per_million: Usd


class JobRow(msgspec.Struct, frozen=True):
    """The row, with what it needs of its dataset and workflow. `config` is the `job_config` as accepted."""

    id: UUID
    kind: JobKind
    name: str
    description: str
    status: JobStatus
    dataset_id: UUID
    dataset_name: str
    dataset_folder: str
    dataset_digest: str
    workflow_id: UUID | None
    step: Literal["inference", "evaluation"] | None
    max_samples: int
    batch_size: int
    config: dict[str, Any]
    timeout_seconds: int
    attempt: int
    failures: int
    stop_reason: StopReason | None
    run: Run | None
    log_size: int
    log_archived: int
    attempt_log_size: int
    progress: Progress | None
    metrics: dict[str, float]
    results_key: str | None
    failure_reason: FailureReason | None
    created_at: dt.datetime
    submitted_at: dt.datetime | None
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    updated_at: dt.datetime | None
    is_overdue: bool
    broken_looks: int

    @property
    def submission_id(self) -> str:
        return f"{self.id}-{self.attempt}"


class JobEvent(msgspec.Struct, frozen=True):
    id: int
    kind: str
    data: dict[str, Any]
    created_at: dt.datetime


class LogChunk(msgspec.Struct, frozen=True):
    """`position` counts characters from the beginning of the job's log."""

    position: int
    text: str


class JobNotFound(NotFound):
    """Job with ID {id} not found"""


class JobResultNotReady(NotFound):
    """Job with ID {id} not found: it has no result yet, its status is {status}"""


class JobDatasetNotAvailable(Invalid):
    """Dataset not available: not found using job ID: {id}"""


class JobSecretMissing(Refused):
    """Cannot create job '{name}': Requested secret key '{secret}' is not configured."""


class JobNotRetried(Conflict):
    """Job with ID {id} belongs to workflow {workflow}; retry the workflow"""


class TicketRefused(Forbidden):
    """The ticket is not valid for a running attempt of this job."""
