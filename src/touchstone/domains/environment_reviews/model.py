"""What people decide of a build in an environment."""

import msgspec

from touchstone.domains.shapes.reviews import ArtefactBuildEnvironmentReviewDecision as Decision
from touchstone.errors import Invalid, NotFound


class ReviewState(msgspec.Struct, frozen=True, kw_only=True):
    """What people change of a review."""

    id: int
    review_decision: list[str]
    review_comment: str


class ReviewRow(ReviewState, frozen=True, kw_only=True):
    """`is_own`: whoever changes it started one of its executions."""

    is_own: bool


class ReviewNotFound(NotFound):
    """Environment review {id} doesn't exist"""


class ReviewOfOtherArtefact(Invalid):
    """Environment review {id} doesn't belong to artefact {artefact_id}"""


def either_rejected_or_approved(decisions: list[Decision]) -> list[Decision]:
    """Raises ValueError for both at once. None at all takes the decision back."""
    if Decision.REJECTED in decisions and set(decisions) != {Decision.REJECTED}:
        raise ValueError("Environment review can either be rejected or approved")
    return decisions


def is_approval(decisions: list[str]) -> bool:
    return bool(decisions) and Decision.REJECTED not in decisions
