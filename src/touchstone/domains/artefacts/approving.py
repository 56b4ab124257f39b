"""Who may approve, and when what he says takes effect: four eyes, and a quorum for each stage."""

import msgspec

from touchstone.database.executor import Transaction
from touchstone.domains.artefacts.decision_repository import DecisionRepository
from touchstone.domains.artefacts.model import (
    ApproverUnknown,
    ArtefactRow,
    NewDecision,
    OwnExecution,
    ReviewPolicy,
    names_of,
    require_possible,
)
from touchstone.domains.artefacts.repository import ArtefactRepository
from touchstone.domains.shapes.artefacts import ArtefactStatus
from touchstone.http.caller import Caller


class Ruling(msgspec.Struct, frozen=True):
    """The status that the artefact has from now on, and what is kept of how it came to be."""

    status: ArtefactStatus
    decision: NewDecision | None = None


async def rule_on(
    transaction: Transaction,
    caller: Caller,
    policy: ReviewPolicy,
    row: ArtefactRow,
    wanted: ArtefactStatus,
    comment: str,
    stage: str,
) -> Ruling:
    """To be called while the artefact is locked; `comment` and `stage` are what it has after this.

    Raises NotAllApproved, NoneRejected, RejectedWithoutComment, OwnExecution, ApproverUnknown.
    """
    require_possible(wanted, row, comment)
    if wanted is ArtefactStatus.APPROVED and row.status is not wanted:
        await require_other_eyes(transaction, caller, policy, row.id)
    waiting = (
        set(await DecisionRepository(transaction).list_waiting_approvers(row.id)) if policy.quorums else set[str]()
    )
    return ruling(row.status, wanted, comment, waiting, caller, policy.quorum_of(stage))


async def require_other_eyes(transaction: Transaction, caller: Caller, policy: ReviewPolicy, artefact_id: int) -> None:
    """Raises OwnExecution, ApproverUnknown."""
    if not policy.is_four_eyes:
        return
    if caller.principal.is_anonymous:
        raise ApproverUnknown
    if await ArtefactRepository(transaction).is_started_by(artefact_id, names_of(caller)):
        raise OwnExecution


def ruling(
    before: ArtefactStatus,
    wanted: ArtefactStatus,
    comment: str,
    waiting: set[str],
    caller: Caller,
    quorum: int,
) -> Ruling:
    """`waiting` are the people whose approval waits. Only people count for a quorum; saying it twice counts once."""
    if wanted is before and not (waiting and wanted is ArtefactStatus.UNDECIDED):
        return Ruling(before)
    person = set[str]() if caller.principal.user_id is None else {caller.name}
    if wanted is not ArtefactStatus.APPROVED or quorum <= 1 or len(waiting | person) >= quorum:
        return Ruling(wanted, NewDecision(decision=[wanted.value], comment=comment))
    if person and person <= waiting:
        return Ruling(before)
    return Ruling(before, NewDecision(decision=[wanted.value], comment=comment, is_effective=False))
