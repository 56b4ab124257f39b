"""What can be decided of an environment."""

import pytest

from touchstone.domains.environment_reviews.model import either_rejected_or_approved, is_approval
from touchstone.domains.shapes.reviews import ArtefactBuildEnvironmentReviewDecision as Decision

APPROVED, FAULTY, REJECTED = Decision.APPROVED_ALL_TESTS_PASS, Decision.APPROVED_FAULTY_HARDWARE, Decision.REJECTED


@pytest.mark.parametrize("decisions", [[], [APPROVED], [APPROVED, FAULTY], [FAULTY, FAULTY], [REJECTED, REJECTED]])
def test_decisions_of_one_kind_stay_as_they_are_sent(decisions):
    assert either_rejected_or_approved(decisions) == decisions


@pytest.mark.parametrize("decisions", [[REJECTED, APPROVED], [APPROVED, FAULTY, REJECTED]])
def test_both_kinds_are_refused(decisions):
    with pytest.raises(ValueError, match="either be rejected or approved"):
        either_rejected_or_approved(decisions)


def test_no_decision_is_no_approval():
    assert [is_approval(one) for one in ([], ["REJECTED"], ["APPROVED_ALL_TESTS_PASS"])] == [False, False, True]
