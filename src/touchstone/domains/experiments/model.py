"""What an experiment is: workflows that share a dataset and a task."""

import datetime as dt
from uuid import UUID

import msgspec

from touchstone.domains.jobs.model import TaskDefinition
from touchstone.domains.workflows.model import WorkflowRow
from touchstone.errors import Forbidden, InvalidValue, NotFound


class ExperimentRow(msgspec.Struct, frozen=True):
    id: int
    name: str
    description: str
    dataset_id: UUID
    max_samples: int
    task_definition: TaskDefinition
    created_at: dt.datetime
    updated_at: dt.datetime


class ExperimentWithWorkflows(ExperimentRow, frozen=True):
    """`workflows` are those that the viewer sees, newest first."""

    workflows: list[WorkflowRow]


class ExperimentNotFound(NotFound):
    """Experiment with ID {id} not found"""


class ExperimentShared(Forbidden):
    """Experiment with ID {id} holds workflows that you may not see; their owners or an administrator may delete it"""


class ExperimentNameEmpty(InvalidValue):
    """{reason}"""

    def __init__(self) -> None:
        super().__init__(location=("body", "name"), reason="An experiment needs a name", value="")
