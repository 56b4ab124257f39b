"""`/test-plans`."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Meta

from touchstone.domains.families.model import FamilyName
from touchstone.domains.filters.patterns import containing
from touchstone.domains.test_plans.repository import TestPlanRepository
from touchstone.domains.test_plans.schemas import TestPlansResponse
from touchstone.http.guards import requires

Limit = Annotated[int, Meta(ge=1, le=1000)]
Offset = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class TestPlanController(Controller):
    __test__ = False

    path = "/api/v1/test-plans"
    tags = ["test-plans"]

    @get(guards=[requires("view_test")], operation_id="get_test_plans_v1_test_plans_get")
    async def get_test_plans(
        self,
        test_plans: NamedDependency[TestPlanRepository],
        q: FromQuery[str | None] = None,
        families: FromQuery[list[FamilyName] | None] = None,
        limit: FromQuery[Limit] = 50,
        offset: FromQuery[Offset] = 0,
    ) -> TestPlansResponse:
        """Names of test plans; those that contain `q`, and by which artefacts of these families were tested."""
        return await test_plans.list_names(containing(q), families or None, limit, offset)
