"""Deciding of builds in environments."""

from collections.abc import Sequence

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.domains.artefacts.model import ApproverUnknown, NewDecision, OwnExecution, ReviewPolicy, names_of
from touchstone.domains.artefacts.repository import ArtefactRepository
from touchstone.domains.artefacts.service import record_decisions
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.environment_reviews.model import ReviewRow, ReviewState, is_approval
from touchstone.domains.environment_reviews.repository import EnvironmentReviewRepository, WrittenReview
from touchstone.domains.environment_reviews.schemas import EnvironmentReviewPatch
from touchstone.domains.shapes.shown import shown_to
from touchstone.errors import Outdated
from touchstone.http.caller import Caller


class EnvironmentReviewService:
    def __init__(self, database: Database, policy: ReviewPolicy = ReviewPolicy()) -> None:  # noqa: B008
        self.database, self.policy = database, policy

    async def change(
        self,
        caller: Caller,
        artefact_id: int,
        review_id: int,
        patch: EnvironmentReviewPatch,
        editions: list[int] | None = None,
    ) -> WrittenReview:
        """Raises ReviewNotFound, ReviewOfOtherArtefact, OwnExecution, ApproverUnknown; Outdated unless it has one of
        the editions."""
        shown = shown_to(caller)
        async with self.database.transaction() as transaction:
            reviews = EnvironmentReviewRepository(transaction)
            await reviews.require_of(shown.families, artefact_id, review_id)
            patches = {review_id: patch}
            before, after = await self._changed(transaction, caller, artefact_id, patches)
            if not await reviews.update(after, editions=editions):
                raise Outdated
            await _keep(transaction, caller, artefact_id, before, after)
            return await reviews.get(shown, artefact_id, review_id)

    async def change_several(
        self, caller: Caller, artefact_id: int, patches: Sequence[EnvironmentReviewPatch]
    ) -> bytes:
        """What is not there or of another artefact is left out. Raises OwnExecution, ApproverUnknown."""
        merged: dict[int, EnvironmentReviewPatch] = {}
        for patch in patches:
            if patch.id is not None:
                merged[patch.id] = _over(patch, merged.get(patch.id))
        async with self.database.transaction() as transaction:
            reviews = EnvironmentReviewRepository(transaction)
            before, after = await self._changed(transaction, caller, artefact_id, merged)
            if after:
                await reviews.update(after)
                await _keep(transaction, caller, artefact_id, before, after)
            found = {row.id for row in before}
            return await reviews.list_in_order(shown_to(caller), [one.id for one in patches if one.id in found])

    async def _changed(
        self, transaction: Transaction, caller: Caller, artefact_id: int, patches: dict[int, EnvironmentReviewPatch]
    ) -> tuple[list[ReviewRow], list[ReviewState]]:
        """The reviews as they are and as they shall be; nobody else decides of the artefact until we are done."""
        await ArtefactRepository(transaction).lock(artefact_id)
        before = await EnvironmentReviewRepository(transaction).list_rows(
            shown_to(caller).families, artefact_id, list(patches), names_of(caller)
        )
        after = [_patched(row, patches[row.id]) for row in before]
        if self.policy.is_four_eyes:
            for row, state in zip(before, after, strict=True):
                _require_other_eyes(caller, row, state)
        return before, after


def _over(patch: EnvironmentReviewPatch, earlier: EnvironmentReviewPatch | None) -> EnvironmentReviewPatch:
    """One review that is named twice gets what is said last."""
    if earlier is None:
        return patch
    given = {name: value for name in patch.__struct_fields__ if (value := getattr(patch, name)) is not None}
    return msgspec.structs.replace(earlier, **given)


def _patched(row: ReviewRow, patch: EnvironmentReviewPatch) -> ReviewState:
    decision, comment = patch.review_decision, patch.review_comment
    return ReviewState(
        id=row.id,
        review_decision=row.review_decision if decision is None else [one.value for one in decision],
        review_comment=row.review_comment if comment is None else comment,
    )


def _state_of(row: ReviewRow) -> ReviewState:
    return ReviewState(id=row.id, review_decision=row.review_decision, review_comment=row.review_comment)


def _require_other_eyes(caller: Caller, row: ReviewRow, state: ReviewState) -> None:
    """Raises OwnExecution, ApproverUnknown."""
    if is_approval(state.review_decision) and state.review_decision != row.review_decision:
        if caller.principal.is_anonymous:
            raise ApproverUnknown
        if row.is_own:
            raise OwnExecution


async def _keep(
    transaction: Transaction,
    caller: Caller,
    artefact_id: int,
    before: Sequence[ReviewRow],
    after: Sequence[ReviewState],
) -> None:
    """The history of decisions, and the note of who changed what."""
    old = {row.id: _state_of(row) for row in before}
    changed = [state for state in after if state != old[state.id]]
    decided = [
        NewDecision(environment_review_id=state.id, decision=state.review_decision, comment=state.review_comment)
        for state in changed
        if state.review_decision != old[state.id].review_decision
    ]
    if decided:
        await record_decisions(transaction, caller, artefact_id, decided)
    if changed:
        audit = AuditRepository(transaction)
        past = [old[state.id] for state in changed]
        await audit.record(caller, "update_environment_review", f"artefact:{artefact_id}", before=past, after=changed)
