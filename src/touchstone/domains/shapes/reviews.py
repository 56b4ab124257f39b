"""Environment reviews."""

from enum import StrEnum
from typing import LiteralString

import msgspec

from touchstone.domains.shapes.artefacts import (
    BUILD_JSON,
    REVIEWER_JSON,
    ArtefactBuildMinimalResponse,
    ReviewerResponse,
)
from touchstone.domains.shapes.executions import ENVIRONMENT_JSON, EnvironmentResponse


class ArtefactBuildEnvironmentReviewDecision(StrEnum):
    REJECTED = "REJECTED"
    APPROVED_INCONSISTENT_TEST = "APPROVED_INCONSISTENT_TEST"
    APPROVED_UNSTABLE_PHYSICAL_INFRA = "APPROVED_UNSTABLE_PHYSICAL_INFRA"
    APPROVED_CUSTOMER_PREREQUISITE_FAIL = "APPROVED_CUSTOMER_PREREQUISITE_FAIL"
    APPROVED_FAULTY_HARDWARE = "APPROVED_FAULTY_HARDWARE"
    APPROVED_ALL_TESTS_PASS = "APPROVED_ALL_TESTS_PASS"  # noqa: S105


class ArtefactBuildEnvironmentReviewResponse(msgspec.Struct, kw_only=True):
    """No decision: nobody has reviewed yet."""

    id: int
    environment: EnvironmentResponse
    artefact_build: ArtefactBuildMinimalResponse
    review_decision: list[ArtefactBuildEnvironmentReviewDecision]
    review_comment: str
    reviewers: list[ReviewerResponse] = []


REVIEW_SOURCES: LiteralString = """
    environment_review as review
    join environment on environment.id = review.environment_id
    join artefact_build as build on build.id = review.artefact_build_id
"""
"""What `REVIEW_JSON` is selected from; narrow it down by the columns of `review` and `build`."""

REVIEW_JSON: LiteralString = (
    """
    json_build_object('id', review.id, 'environment', """
    + ENVIRONMENT_JSON
    + ", 'artefact_build', "
    + BUILD_JSON
    + """, 'review_decision', review.review_decision, 'review_comment', review.review_comment,
        'reviewers', coalesce((
            select json_agg("""
    + REVIEWER_JSON
    + """ order by link.place)
            from environment_review_reviewer as link join app_user as reviewer on reviewer.id = link.user_id
            where link.environment_review_id = review.id
        ), '[]'))
"""
)
