"""What the search among all results answers."""

import msgspec

from touchstone.domains.shapes.artefacts import ArtefactBuildMinimalResponse, ArtefactResponse
from touchstone.domains.shapes.executions import TestExecutionResponse
from touchstone.domains.shapes.results import TestResultResponse


class TestResultResponseWithContext(msgspec.Struct, kw_only=True):
    __test__ = False

    test_result: TestResultResponse
    test_execution: TestExecutionResponse
    artefact: ArtefactResponse
    artefact_build: ArtefactBuildMinimalResponse


class TestResultSearchResponseWithContext(msgspec.Struct, kw_only=True):
    """`count` is of all that fit; null to who prefers none."""

    __test__ = False

    count: int
    limit: int
    offset: int
    test_results: list[TestResultResponseWithContext]
