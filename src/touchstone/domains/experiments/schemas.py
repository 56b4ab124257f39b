"""What clients send and get."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec

from touchstone.domains.belonging.model import BelongingFields
from touchstone.domains.jobs.model import Summarization, TaskDefinition
from touchstone.domains.jobs.schemas import Name, Samples, Text
from touchstone.domains.workflows.model import WorkflowStatus
from touchstone.domains.workflows.schemas import WorkflowDetails


class NewExperiment(BelongingFields, kw_only=True):
    name: Name
    description: Text = ""
    dataset: UUID
    max_samples: Samples = -1
    task_definition: TaskDefinition = msgspec.field(default_factory=Summarization)


class Experiment(msgspec.Struct, kw_only=True):
    """`id` is a number as text."""

    id: str
    name: str
    description: str
    created_at: dt.datetime
    max_samples: int = -1
    task_definition: TaskDefinition
    dataset: UUID
    updated_at: dt.datetime | None = None
    workflows: list[WorkflowDetails] | None = None


class ComparedWorkflow(msgspec.Struct):
    """One column of the comparison; `metrics` are flat numbers."""

    id: str
    name: str
    model: str
    provider: str
    status: WorkflowStatus
    metrics: dict[str, float]


class ComparedSample(msgspec.Struct):
    """One example with what each workflow made of it; the maps are keyed by workflow id."""

    index: int
    example: str | None
    ground_truth: str | None
    predictions: dict[str, str | None]
    scores: dict[str, dict[str, Any]]


class Comparison(msgspec.Struct):
    """`metrics` names the rows in order; `left_out` are workflows whose samples could not be read."""

    experiment_id: str
    metrics: list[str]
    workflows: list[ComparedWorkflow]
    total_samples: int
    samples: list[ComparedSample]
    left_out: list[str]
