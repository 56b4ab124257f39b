"""Test executions: what a test that starts is about, and what may be wrong with it."""

import msgspec

from touchstone.domains.shapes.executions import TestExecutionStatus
from touchstone.errors import Conflict, Invalid, InvalidValue, NotFound

ENDED = (TestExecutionStatus.PASSED, TestExecutionStatus.FAILED, TestExecutionStatus.ENDED_PREMATURELY)


class Group(msgspec.Struct, frozen=True):
    """What executions that repeat each other have in common."""

    artefact_id: int
    build_id: int
    environment_id: int
    test_plan_id: int


class ExecutionState(msgspec.Struct, frozen=True, kw_only=True):
    """What people and runners change of an execution."""

    status: TestExecutionStatus
    ci_link: str | None
    c3_link: str | None
    edition: int


class StartOvertaken(Conflict):
    """Others start the same test, or delete what it is about: try again"""

    retry_after_seconds = 1


class RelatedTestExecutionNotFound(NotFound):
    """Related TestExecution not found"""


class LinkNotFound(NotFound):
    """Link not found"""


class CiLinkTaken(Conflict):
    """Another test execution has this CI link"""


class ImageUnknown(Invalid):
    """No image with this sha256 exists yet; provide the full image details to create it."""


class ImageArchitectureDiffers(Invalid):
    """'arch' must match the existing image build architecture."""


class ImageArchitectureUnclear(Invalid):
    """'arch' is required and could not be derived from the image's builds."""


class CiLinkTooLong(InvalidValue):
    """{reason}"""

    def __init__(self) -> None:
        super().__init__(location=("body", "ci_link"), reason="A CI link holds at most 2600 bytes")
