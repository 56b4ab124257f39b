"""Artefacts: what people decide of them, and when they may."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from touchstone.domains.families.model import FAMILY, FamilyName, StageName
from touchstone.domains.shapes.artefacts import ArtefactStatus
from touchstone.errors import Conflict, Forbidden, Invalid, InvalidValue, NotFound, Refused
from touchstone.http.caller import Caller


class ArtefactState(msgspec.Struct, frozen=True, kw_only=True):
    """What people change of an artefact."""

    status: ArtefactStatus
    archived: bool
    stage: str
    comment: str
    jira_issue: str | None
    reviewer_ids: list[int]
    bundled_builds: list[int]


class ArtefactRow(ArtefactState, frozen=True, kw_only=True):
    """With what its rules look at; the counts are of the environment reviews of its latest builds."""

    id: int
    family: FamilyName
    undecided_count: int
    rejected_count: int


class Kind(msgspec.Struct, frozen=True):
    """How the listing picks of a family, which stands at this place of the list."""

    place: int
    family: str
    newest_by: tuple[str, ...] | None


class ReviewPolicy(msgspec.Struct, frozen=True):
    """`quorums`: by stage, how many people must approve an artefact; one, where a stage has none."""

    is_four_eyes: bool = False
    quorums: Mapping[str, int] = MappingProxyType({})

    def quorum_of(self, stage: str) -> int:
        return self.quorums.get(stage, 1)


class NewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Of an artefact, or of one of its environment reviews. One that is not effective waits for others to agree."""

    environment_review_id: int | None = None
    decision: list[str]
    comment: str = ""
    is_effective: bool = True


class Approvals(msgspec.Struct, frozen=True):
    """How many people have approved since anything about the artefact was decided, and how many must."""

    given: int
    needed: int


class ArtefactNotFound(NotFound):
    """Artefact with id {id} not found"""


class NotAllApproved(Refused):
    """All test executions need to be approved"""


class NoneRejected(Refused):
    """At least one test execution needs to be rejected"""


class RejectedWithoutComment(Refused):
    """Can't reject an artefact without a comment"""


class StageOfOtherFamily(Refused):
    """Stage {stage} is invalid for artefact family {family}"""


class ReviewersGivenTwice(Invalid):
    """Cannot specify both reviewer_ids and reviewer_emails"""


class ReviewerIdRepeated(Invalid):
    """Duplicate user ids are not allowed in reviewer_ids"""


class ReviewerEmailRepeated(Invalid):
    """Duplicate user emails are not allowed in reviewer_emails"""


class ReviewerIdUnknown(Invalid):
    """User with id {id} not found"""


class ReviewerEmailUnknown(Invalid):
    """User with email '{email}' not found"""


class BundledBuildRepeated(Invalid):
    """Duplicate build ids are not allowed in bundled_builds"""


class BundledBuildUnknown(Invalid):
    """ArtefactBuild with id {id} not found"""


class BundleExists(Conflict):
    """Another solution with the same name, source, version, track and stage bundles exactly these builds"""


class OwnExecution(Forbidden):
    """You started one of its test executions: somebody else has to approve it"""


class ApproverUnknown(Forbidden):
    """Sign in to approve it: nobody may approve what he has tested himself"""


def listing_of(families: Iterable[str]) -> list[Kind]:
    """In the order of the families."""
    return [Kind(place, family, FAMILY[FamilyName(family)].newest_by) for place, family in enumerate(families)]


def require_possible(status: ArtefactStatus, row: ArtefactRow, comment: str) -> None:
    """Raises NotAllApproved, NoneRejected, RejectedWithoutComment."""
    if status is ArtefactStatus.APPROVED and row.undecided_count + row.rejected_count:
        raise NotAllApproved
    if status is ArtefactStatus.MARKED_AS_FAILED:
        if not row.rejected_count:
            raise NoneRejected
        if not comment:
            raise RejectedWithoutComment


def require_stage_of(family: FamilyName, stage: StageName) -> None:
    """Raises StageOfOtherFamily."""
    known = FAMILY[family]
    if not known.is_moved_freely and stage not in known.stages:
        raise StageOfOtherFamily(stage=stage.value, family=family.value)


def repeats(values: Collection[Any]) -> bool:
    return len(set(values)) < len(values)


def bundle_digest(build_ids: Iterable[int]) -> str:
    """SHA-256, in hex, of the ascending ids joined by commas; part of what a solution is."""
    return hashlib.sha256(",".join(map(str, sorted(build_ids))).encode()).hexdigest()


def names_of(caller: Caller) -> list[str]:
    """All that `test_execution.started_by` may say of him."""
    principal = caller.principal
    user = [] if principal.user_id is None else [f"user:{principal.user_id}"]
    return user + ([] if principal.application_id is None else [f"application:{principal.application_id}"])


class ArtefactTooLong(InvalidValue):
    """{reason}"""

    def __init__(self) -> None:
        reason = "The texts that identify an artefact hold at most 2600 bytes together"
        super().__init__(location=("body",), reason=reason)
