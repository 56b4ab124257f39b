"""Artefacts as people see and change them."""

from typing import Any

import msgspec

from touchstone.database.executor import Database, Executor, Transaction
from touchstone.domains.artefacts.approving import Ruling, rule_on
from touchstone.domains.artefacts.decision_repository import DecisionRepository
from touchstone.domains.artefacts.model import (
    Approvals,
    ArtefactRow,
    ArtefactState,
    BundledBuildRepeated,
    NewDecision,
    ReviewerEmailRepeated,
    ReviewerIdRepeated,
    ReviewersGivenTwice,
    ReviewPolicy,
    repeats,
    require_stage_of,
)
from touchstone.domains.artefacts.repository import ArtefactRepository, WrittenArtefact
from touchstone.domains.artefacts.schemas import ArtefactDecisions, ArtefactPatch
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.notifications.model import NotificationType
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.domains.outbox.service import emit
from touchstone.domains.shapes.artefacts import ArtefactStatus
from touchstone.domains.shapes.shown import shown_to
from touchstone.http.caller import Caller
from touchstone.http.guards import InsufficientPermissions
from touchstone.http.paging import encode_cursor

CHANGE = "change_artefact"


class ShownArtefact(msgspec.Struct, frozen=True):
    """`approvals` while more people must approve it than have."""

    written: WrittenArtefact
    approvals: Approvals | None


class ArtefactService:
    """`frontend` is where people work with the service, without a slash at the end."""

    def __init__(self, database: Database, frontend: str, policy: ReviewPolicy = ReviewPolicy()) -> None:  # noqa: B008
        self.database, self.frontend, self.policy = database, frontend, policy

    async def get(self, caller: Caller, artefact_id: int) -> ShownArtefact:
        """Raises ArtefactNotFound."""
        return await self._read(self.database, caller, artefact_id)

    async def list_decisions(
        self, caller: Caller, artefact_id: int, *, before: int | None, limit: int
    ) -> ArtefactDecisions:
        """Raises ArtefactNotFound."""
        shown = await self._read(self.database, caller, artefact_id)
        found = await DecisionRepository(self.database).list_newest(artefact_id, before=before, limit=limit + 1)
        following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        return ArtefactDecisions(items=found[:limit], next_cursor=following, approvals=shown.approvals)

    async def change(
        self, caller: Caller, artefact_id: int, patch: ArtefactPatch, editions: list[int] | None = None
    ) -> ShownArtefact:
        """All of it or nothing. Raises ArtefactNotFound, InsufficientPermissions, what is wrong with a field in the
        order of the contract, BundleExists, and Outdated unless it has one of the editions."""
        families = shown_to(caller).families
        async with self.database.transaction() as transaction:
            artefacts = ArtefactRepository(transaction)
            await artefacts.require(families, artefact_id)
            await _require_permission(artefacts, caller, artefact_id)
            await artefacts.lock(artefact_id)
            row = await artefacts.get_row(families, artefact_id)
            ruling, after = await self._changed(transaction, caller, row, patch)
            before = _state_of(row)
            await artefacts.update(artefact_id, row.family, after, editions=editions, is_changed=after != before)
            if after.bundled_builds != before.bundled_builds:
                await artefacts.set_bundled_builds(artefact_id, after.bundled_builds)
            if after.reviewer_ids != before.reviewer_ids:
                await artefacts.set_reviewers(artefact_id, after.reviewer_ids)
                await self._tell_reviewers(transaction, row, after)
            if ruling.decision:
                await record_decisions(transaction, caller, artefact_id, [ruling.decision])
            if after != before:
                await _record(transaction, caller, artefact_id, before, after)
            return await self._read(transaction, caller, artefact_id)

    async def _changed(
        self, transaction: Transaction, caller: Caller, row: ArtefactRow, patch: ArtefactPatch
    ) -> tuple[Ruling, ArtefactState]:
        comment = row.comment if patch.comment is None else patch.comment
        stage = row.stage if patch.stage is None else patch.stage.value
        ruling = Ruling(row.status)
        if patch.status is not None:
            ruling = await rule_on(transaction, caller, self.policy, row, patch.status, comment, stage)
        if patch.stage is not None:
            require_stage_of(row.family, patch.stage)
        artefacts = ArtefactRepository(transaction)
        return ruling, ArtefactState(
            status=ruling.status,
            archived=row.archived if patch.archived is None else patch.archived,
            stage=stage,
            comment=comment,
            jira_issue=row.jira_issue if isinstance(patch.jira_issue, msgspec.UnsetType) else patch.jira_issue,
            reviewer_ids=await _reviewers(artefacts, row, patch),
            bundled_builds=await _bundled_builds(artefacts, row, patch),
        )

    async def _tell_reviewers(self, transaction: Transaction, row: ArtefactRow, after: ArtefactState) -> None:
        new = [user_id for user_id in after.reviewer_ids if user_id not in row.reviewer_ids]
        if new:
            await tell_reviewers(transaction, self.frontend, row.family.value, row.id, new)

    async def _read(self, executor: Executor, caller: Caller, artefact_id: int) -> ShownArtefact:
        written = await ArtefactRepository(executor).get(shown_to(caller), artefact_id)
        needed = self.policy.quorum_of(written.stage)
        if needed <= 1 or written.status == ArtefactStatus.APPROVED:
            return ShownArtefact(written, None)
        waiting = await DecisionRepository(executor).list_waiting_approvers(artefact_id)
        return ShownArtefact(written, Approvals(len(waiting), needed))


async def tell_reviewers(
    transaction: Transaction, frontend: str, family: str, artefact_id: int, user_ids: list[int]
) -> None:
    """Tells people that an artefact is theirs to review, and everybody else who wants to know."""
    await NotificationRepository(transaction).add(
        user_ids, NotificationType.USER_ASSIGNED_ARTEFACT_REVIEW, f"{frontend}/{family}s/{artefact_id}"
    )
    payload = {"artefact_id": artefact_id, "user_ids": user_ids}
    await emit(transaction, "review.assigned", f"artefact:{artefact_id}", payload)


async def record_decisions(
    transaction: Transaction, caller: Caller, artefact_id: int, decisions: list[NewDecision]
) -> None:
    """Keeps what was decided of an artefact, or of its environment reviews, and tells of it."""
    await DecisionRepository(transaction).insert(caller, artefact_id, decisions)
    told = [
        {
            "environment_review_id": one.environment_review_id,
            "decision": one.decision,
            "is_effective": one.is_effective,
        }
        for one in decisions
    ]
    payload = {"artefact_id": artefact_id, "decided_by": caller.name, "decisions": told}
    await emit(transaction, "review.decided", f"artefact:{artefact_id}", payload)


async def _require_permission(artefacts: ArtefactRepository, caller: Caller, artefact_id: int) -> None:
    """Whoever lacks it may be granted it by a rule of a team of his. Raises InsufficientPermissions."""
    if caller.may(CHANGE):
        return
    teams = sorted(caller.principal.team_ids) if caller.principal.user_id is not None else []
    if not teams or not await artefacts.is_granted([artefact_id], CHANGE, teams):
        raise InsufficientPermissions


async def _reviewers(artefacts: ArtefactRepository, row: ArtefactRow, patch: ArtefactPatch) -> list[int]:
    """Raises ReviewersGivenTwice, and Reviewer{Id|Email}{Repeated|Unknown}."""
    ids, emails = patch.reviewer_ids, patch.reviewer_emails
    if isinstance(ids, msgspec.UnsetType) and isinstance(emails, msgspec.UnsetType):
        ids, emails = _alone(patch.assignee_id), _alone(patch.assignee_email)
    if not isinstance(ids, msgspec.UnsetType):
        if not isinstance(emails, msgspec.UnsetType):
            raise ReviewersGivenTwice
        if repeats(ids or []):
            raise ReviewerIdRepeated
        await artefacts.require_users(ids or [])
        return ids or []
    if isinstance(emails, msgspec.UnsetType):
        return row.reviewer_ids
    if repeats([email.lower() for email in emails or []]):
        raise ReviewerEmailRepeated
    return await artefacts.users_with_emails(emails or [])


def _alone(value: Any) -> Any:
    """The one in a list; null and what is not given stay so."""
    return value if value is None or isinstance(value, msgspec.UnsetType) else [value]


async def _bundled_builds(artefacts: ArtefactRepository, row: ArtefactRow, patch: ArtefactPatch) -> list[int]:
    """Raises BundledBuildRepeated, BundledBuildUnknown."""
    if isinstance(patch.bundled_builds, msgspec.UnsetType):
        return row.bundled_builds
    builds = patch.bundled_builds or []
    if repeats(builds):
        raise BundledBuildRepeated
    await artefacts.require_builds(builds)
    return builds


def _state_of(row: ArtefactRow) -> ArtefactState:
    return ArtefactState(**{name: getattr(row, name) for name in ArtefactState.__struct_fields__})


async def _record(
    transaction: Transaction, caller: Caller, artefact_id: int, before: ArtefactState, after: ArtefactState
) -> None:
    """What changed, and nothing else."""
    names = [name for name in ArtefactState.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    old, new = ({name: getattr(state, name) for name in names} for state in (before, after))
    subject = f"artefact:{artefact_id}"
    await AuditRepository(transaction).record(caller, "patch_artefact", subject, before=old, after=new)
