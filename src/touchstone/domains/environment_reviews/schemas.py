"""What clients send."""

from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.domains.environment_reviews.model import either_rejected_or_approved
from touchstone.domains.shapes.reviews import ArtefactBuildEnvironmentReviewDecision
from touchstone.http.row_ids import RowId

Decisions = Annotated[
    list[ArtefactBuildEnvironmentReviewDecision], Meta(max_length=10_000, extra={"check": either_rejected_or_approved})
]


class EnvironmentReviewPatch(msgspec.Struct, kw_only=True):
    """What is null stays. `id` says which review in a list of them, and nothing where the path says it."""

    id: RowId | None = None
    review_decision: Decisions | None = None
    review_comment: str | None = None


Patches = Annotated[list[EnvironmentReviewPatch], Meta(max_length=10_000)]
