"""Experiments with their workflows, and the comparison of what these found."""

from collections import defaultdict

from touchstone.database.executor import Database, Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.belonging.model import belonging_of
from touchstone.domains.datasets.repository import DatasetRepository
from touchstone.domains.experiments.model import (
    ExperimentNameEmpty,
    ExperimentNotFound,
    ExperimentRow,
    ExperimentShared,
    ExperimentWithWorkflows,
)
from touchstone.domains.experiments.repository import ExperimentRepository
from touchstone.domains.experiments.schemas import Experiment, NewExperiment
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once
from touchstone.domains.workflows.repository import WorkflowRepository
from touchstone.domains.workflows.schemas import WorkflowDetails
from touchstone.domains.workflows.service import delete_all, experiment_number
from touchstone.domains.workflows.views import WorkflowView
from touchstone.http.caller import Caller


class ExperimentService:
    def __init__(self, database: Database, workflow_view: WorkflowView) -> None:
        self.database = database
        self.workflow_view = workflow_view

    async def create(self, new: NewExperiment, caller: Caller, call: IdempotentCall | None = None) -> Experiment:
        """Raises DatasetNotFound, ExperimentNameEmpty."""
        if not new.name.strip():
            raise ExperimentNameEmpty

        async def work(transaction: Transaction) -> Experiment:
            origin = await DatasetRepository(transaction).hold(new.dataset, caller.viewer)
            row = await ExperimentRepository(transaction).insert(new, belonging_of(caller, new, origin))
            await AuditRepository(transaction).record(caller, "create_experiment", f"experiment:{row.id}", after=row)
            return experiment(row, [])

        return await once(self.database, call, Experiment, work)

    async def with_workflows(self, rows: list[ExperimentRow], caller: Caller) -> list[Experiment]:
        """Two statements, however many experiments."""
        found: dict[int, list[WorkflowDetails]] = defaultdict(list)
        workflows = WorkflowRepository(self.database)
        for workflow in await workflows.list_of_experiments([row.id for row in rows], caller.viewer):
            found[workflow.experiment_id].append(await self.workflow_view.details(workflow))
        return [experiment(row, found[row.id]) for row in rows]

    async def get(self, experiment_id: str, caller: Caller) -> Experiment:
        number, workflows = number_of(experiment_id), WorkflowRepository(self.database)
        row = await workflows.find_experiment(ExperimentWithWorkflows, number, caller.viewer)
        if row is None:
            raise ExperimentNotFound(id=number)
        return experiment(row, [await self.workflow_view.details(workflow) for workflow in row.workflows])

    async def delete(self, experiment_id: str, caller: Caller) -> None:
        """With its workflows; their jobs are asked to end. Raises ExperimentNotFound, ExperimentShared."""
        number = number_of(experiment_id)
        async with self.database.transaction() as transaction:
            experiments = ExperimentRepository(transaction)
            await experiments.lock(number, caller.viewer)
            workflows = WorkflowRepository(transaction)
            found = await workflows.list_of_experiments([number], EVERYTHING)
            if len(found) > len(await workflows.list_of_experiments([number], caller.viewer)):
                raise ExperimentShared(id=number)
            await delete_all(transaction, found)
            await experiments.mark_deleted(number)
            before = {"workflows": [workflow.id.hex for workflow in found]}
            await AuditRepository(transaction).record(
                caller, "delete_experiment", f"experiment:{number}", before=before
            )


def number_of(experiment_id: str) -> int:
    """Raises ExperimentNotFound for a text that cannot be an id."""
    number = experiment_number(experiment_id)
    if number is None:
        raise ExperimentNotFound(id=experiment_id)
    return number


def experiment(row: ExperimentRow, workflows: list[WorkflowDetails]) -> Experiment:
    return Experiment(
        id=str(row.id),
        name=row.name,
        description=row.description,
        created_at=row.created_at,
        max_samples=row.max_samples,
        task_definition=row.task_definition,
        dataset=row.dataset_id,
        updated_at=row.updated_at,
        workflows=workflows,
    )
