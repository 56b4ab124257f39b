"""Saying who sees a thing: what its owner made in it goes along."""

from uuid import UUID

from touchstone.database.executor import Database, Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.belonging.model import Belonging, BelongingChange, may_give, require_own_team
from touchstone.domains.belonging.repository import BelongingRepository, Kind
from touchstone.domains.datasets.model import DatasetNotFound
from touchstone.domains.datasets.repository import DatasetRepository
from touchstone.domains.experiments.model import ExperimentNotFound
from touchstone.domains.experiments.repository import ExperimentRepository
from touchstone.domains.experiments.service import number_of
from touchstone.domains.jobs.belonging_repository import JobBelongingRepository
from touchstone.domains.jobs.model import JobNotFound
from touchstone.domains.jobs.repository import JobRepository
from touchstone.domains.secrets.repository import SecretRepository
from touchstone.domains.visibility.model import JobOfWorkflow, SecretUnknown
from touchstone.domains.workflows.model import WorkflowNotFound
from touchstone.domains.workflows.repository import WorkflowRepository
from touchstone.errors import NotFound
from touchstone.http.caller import Caller

NOT_FOUND: dict[Kind, type[NotFound]] = {
    "dataset": DatasetNotFound,
    "experiment": ExperimentNotFound,
    "workflow": WorkflowNotFound,
    "job": JobNotFound,
    "secret": SecretUnknown,
}

Key = UUID | int | str


class VisibilityService:
    """Both raise the NotFound of the kind, also for what the caller may not see."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, kind: Kind, identifier: UUID | str, caller: Caller) -> Belonging:
        key = _key(kind, identifier)
        found = await BelongingRepository(self.database).find(kind, key, caller.viewer)
        if found is None:
            raise NOT_FOUND[kind](id=identifier)
        return found

    async def change(self, kind: Kind, identifier: UUID | str, change: BelongingChange, caller: Caller) -> Belonging:
        """Raises NotTheOwner, TeamNotYours, TeamWithoutVisibility, JobOfWorkflow."""
        key = _key(kind, identifier)
        async with self.database.transaction() as transaction:
            before = await BelongingRepository(transaction).lock(kind, key, caller.viewer)
            if before is None:
                raise NOT_FOUND[kind](id=identifier)
            may_give(caller, before)
            require_own_team(caller, change.visibility, change.team)
            after = Belonging(before.owner, change.team, change.visibility)
            await _give(transaction, kind, key, after)
            await AuditRepository(transaction).record(
                caller, f"change_{kind}_visibility", f"{kind}:{identifier}", before=before, after=after
            )
        return after


async def _give(transaction: Transaction, kind: Kind, key: Key, after: Belonging) -> None:
    match kind, key:
        case "experiment", int():
            await ExperimentRepository(transaction).give(key, after)
            workflow_ids = await WorkflowRepository(transaction).give_in_experiment(key, after)
            await _give_jobs_of(transaction, workflow_ids, after)
        case "workflow", UUID():
            await WorkflowRepository(transaction).give(key, after)
            await _give_jobs_of(transaction, [key], after)
        case "job", UUID():
            await _give_job(transaction, key, after)
        case "dataset", UUID():
            await DatasetRepository(transaction).give(key, after)
        case _:
            await SecretRepository(transaction).give(str(key), after)


async def _give_job(transaction: Transaction, job_id: UUID, after: Belonging) -> None:
    job = await JobRepository(transaction).get(job_id, EVERYTHING)
    if job.workflow_id is not None:
        raise JobOfWorkflow(id=job_id, workflow=job.workflow_id.hex)
    await JobBelongingRepository(transaction).give(job_id, after)
    await DatasetRepository(transaction).give_made_by([job_id], after)


async def _give_jobs_of(transaction: Transaction, workflow_ids: list[UUID], after: Belonging) -> None:
    job_ids = await JobBelongingRepository(transaction).give_in_workflows(workflow_ids, after)
    await DatasetRepository(transaction).give_made_by(job_ids, after)


def _key(kind: Kind, identifier: UUID | str) -> Key:
    """Raises ExperimentNotFound and WorkflowNotFound for a text that cannot be an id."""
    if kind == "experiment":
        return number_of(str(identifier))
    if kind != "workflow":
        return identifier
    try:
        return UUID(str(identifier))
    except ValueError:
        raise WorkflowNotFound(id=identifier) from None
