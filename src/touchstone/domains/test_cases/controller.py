"""`/test-cases`."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Meta

from touchstone.domains.families.model import FamilyName
from touchstone.domains.filters.patterns import containing
from touchstone.domains.test_cases.repository import TestCaseRepository
from touchstone.domains.test_cases.schemas import TestCasesResponse
from touchstone.http.guards import requires

Limit = Annotated[int, Meta(ge=1, le=1000)]
Offset = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class TestCaseController(Controller):
    __test__ = False

    path = "/api/v1/test-cases"
    tags = ["test-cases"]

    @get(guards=[requires("view_test")], operation_id="get_test_cases_v1_test_cases_get")
    async def get_test_cases(
        self,
        test_cases: NamedDependency[TestCaseRepository],
        q: FromQuery[str | None] = None,
        families: FromQuery[list[FamilyName] | None] = None,
        limit: FromQuery[Limit] = 50,
        offset: FromQuery[Offset] = 0,
    ) -> TestCasesResponse:
        """Test cases by name; those whose name contains `q`, and that tested artefacts of these families."""
        listed = await test_cases.list_by_name(
            containing(q), [family.value for family in families or ()] or None, limit, offset
        )
        return TestCasesResponse(test_cases=listed)
