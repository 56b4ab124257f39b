"""What clients get."""

import msgspec

from touchstone.domains.shapes.artefacts import ArtefactMinimalResponse
from touchstone.domains.shapes.executions import TestExecutionResponse


class ArtefactBuildResponse(msgspec.Struct, kw_only=True):
    """`bundled_in` are the artefacts that bring the build along."""

    id: int
    architecture: str
    revision: int | None
    test_executions: list[TestExecutionResponse]
    bundled_in: list[ArtefactMinimalResponse] = []
