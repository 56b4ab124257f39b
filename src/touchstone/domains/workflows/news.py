"""What others are told of workflows, in the transactions that move them."""

from typing import Any
from uuid import UUID

from touchstone.database.executor import Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.belonging.repository import BelongingRepository
from touchstone.domains.outbox.service import emit
from touchstone.domains.workflows.model import WorkflowRow, WorkflowStatus
from touchstone.domains.workflows.repository import WorkflowRepository


async def end_workflow(transaction: Transaction, workflow_id: UUID, status: WorkflowStatus, **how: Any) -> bool:
    """Ends it and tells of it, unless it has ended; `how` is what the repository notes of the end."""
    has_ended = await WorkflowRepository(transaction).finish_unless_final(workflow_id, status, **how)
    if has_ended:
        await tell(transaction, workflow_id, status)
    return has_ended


async def tell(transaction: Transaction, workflow_id: UUID, word: str) -> None:
    """Nothing of a deleted one."""
    belonging = await BelongingRepository(transaction).find("workflow", workflow_id, EVERYTHING)
    if belonging is not None:
        workflow = await WorkflowRepository(transaction).get(workflow_id, EVERYTHING)
        subject = f"workflow:{workflow_id.hex}"
        await emit(transaction, f"workflow.{word}", subject, summary(workflow), belonging=belonging)


def summary(workflow: WorkflowRow) -> dict[str, Any]:
    """What the workflow is; why it failed as a code only."""
    return {
        "id": workflow.id.hex,
        "name": workflow.name,
        "experiment_id": str(workflow.experiment_id),
        "model": workflow.model,
        "provider": workflow.provider,
        "status": workflow.status,
        "failure_code": workflow.failure_reason.code if workflow.failure_reason else None,
    }
