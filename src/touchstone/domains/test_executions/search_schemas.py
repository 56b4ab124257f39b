"""What the search among all executions answers."""

import msgspec

from touchstone.domains.shapes.artefacts import ArtefactBuildMinimalResponse, ArtefactResponse
from touchstone.domains.shapes.executions import TestExecutionResponse
from touchstone.domains.shapes.results import TestResultResponse


class TestExecutionResponseWithContext(TestExecutionResponse, kw_only=True):
    __test__ = False

    artefact: ArtefactResponse
    artefact_build: ArtefactBuildMinimalResponse
    test_results: list[TestResultResponse] = []


class TestExecutionSearchResponse(msgspec.Struct, kw_only=True):
    """`count` is of all that fit; null to who prefers none."""

    __test__ = False

    count: int
    limit: int
    offset: int
    test_executions: list[TestExecutionResponseWithContext]
