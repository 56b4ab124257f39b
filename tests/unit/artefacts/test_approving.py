"""What comes of a status that somebody asks for, without a database."""

import hashlib

import pytest

from touchstone.domains.artefacts.approving import Ruling, ruling
from touchstone.domains.artefacts.model import (
    ArtefactRow,
    NoneRejected,
    NotAllApproved,
    RejectedWithoutComment,
    ReviewPolicy,
    StageOfOtherFamily,
    bundle_digest,
    names_of,
    require_possible,
    require_stage_of,
)
from touchstone.domains.families.model import FAMILY, FamilyName, StageName
from touchstone.domains.shapes.artefacts import ArtefactStatus
from touchstone.http.caller import Caller, Principal

APPROVED, FAILED, UNDECIDED = ArtefactStatus.APPROVED, ArtefactStatus.MARKED_AS_FAILED, ArtefactStatus.UNDECIDED
ADA = Caller(Principal(user_id=1, user_name="Ada"))
MACHINE = Caller(Principal(application_id=7))


def row(undecided: int = 0, rejected: int = 0) -> ArtefactRow:
    return ArtefactRow(
        id=1,
        family=FamilyName.SNAP,
        undecided_count=undecided,
        rejected_count=rejected,
        status=UNDECIDED,
        archived=False,
        stage="beta",
        comment="",
        jira_issue=None,
        reviewer_ids=[],
        bundled_builds=[],
    )


@pytest.mark.parametrize(
    ("status", "undecided", "rejected", "comment", "failure"),
    [
        (APPROVED, 0, 0, "", None),
        (APPROVED, 1, 0, "", NotAllApproved),
        (APPROVED, 0, 1, "", NotAllApproved),
        (FAILED, 0, 0, "bad", NoneRejected),
        (FAILED, 5, 1, "", RejectedWithoutComment),
        (FAILED, 5, 1, "bad", None),
        (UNDECIDED, 5, 1, "", None),
    ],
)
def test_a_status_follows_from_the_reviews(status, undecided, rejected, comment, failure):
    if failure is None:
        require_possible(status, row(undecided, rejected), comment)
    else:
        with pytest.raises(failure):
            require_possible(status, row(undecided, rejected), comment)


def decided(before, wanted, waiting=(), caller=ADA, quorum=1):
    """The status, and whether what is kept is effective; None when nothing is."""
    found: Ruling = ruling(before, wanted, "", set(waiting), caller, quorum)
    return found.status, found.decision and found.decision.is_effective


@pytest.mark.parametrize("wanted", ArtefactStatus)
def test_what_an_artefact_is_already_is_no_decision(wanted):
    assert decided(wanted, wanted) == (wanted, None)


@pytest.mark.parametrize(
    ("waiting", "caller", "quorum", "expected"),
    [
        ((), ADA, 1, (APPROVED, True)),
        ((), MACHINE, 1, (APPROVED, True)),
        ((), ADA, 2, (UNDECIDED, False)),
        (("user:1",), ADA, 2, (UNDECIDED, None)),
        (("user:2",), ADA, 2, (APPROVED, True)),
        (("user:2",), MACHINE, 2, (UNDECIDED, False)),
        (("user:2", "user:3"), MACHINE, 2, (APPROVED, True)),
    ],
)
def test_an_approval_takes_effect_when_enough_people_said_so(waiting, caller, quorum, expected):
    assert decided(UNDECIDED, APPROVED, waiting, caller, quorum) == expected


def test_undecided_takes_waiting_approvals_back():
    assert decided(UNDECIDED, UNDECIDED, ("user:2",), quorum=2) == (UNDECIDED, True)


def test_a_failure_needs_no_quorum():
    assert decided(APPROVED, FAILED, quorum=5) == (FAILED, True)


def test_a_stage_without_a_quorum_takes_one():
    policy = ReviewPolicy(quorums={"stable": 3})
    assert (policy.quorum_of("stable"), policy.quorum_of("beta")) == (3, 1)


@pytest.mark.parametrize("family", FAMILY)
def test_a_family_takes_its_own_stages(family):
    for stage in FAMILY[family].stages:
        require_stage_of(family, stage)


def test_a_stage_of_another_family_is_refused_but_for_solutions():
    with pytest.raises(StageOfOtherFamily, match="Stage current is invalid for artefact family deb"):
        require_stage_of(FamilyName.DEB, StageName.CURRENT)
    for stage in StageName:
        require_stage_of(FamilyName.SOLUTION, stage)


def test_the_order_of_a_bundle_does_not_matter():
    assert bundle_digest([10, 9]) == bundle_digest([9, 10]) == hashlib.sha256(b"9,10").hexdigest()
    assert bundle_digest([]).startswith("e3b0c442")


def test_a_user_with_a_key_goes_by_both_names():
    both = Caller(Principal(user_id=1, application_id=7))
    assert names_of(both) == ["user:1", "application:7"]
    assert names_of(Caller()) == []
