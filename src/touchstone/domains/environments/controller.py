"""`/environments`."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Meta

from touchstone.domains.environments.repository import EnvironmentRepository
from touchstone.domains.environments.schemas import EnvironmentsResponse
from touchstone.domains.families.model import FamilyName
from touchstone.domains.filters.patterns import containing
from touchstone.http.guards import requires

Limit = Annotated[int, Meta(ge=1, le=1000)]
Offset = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class EnvironmentController(Controller):
    path = "/api/v1/environments"
    tags = ["environments"]

    @get(guards=[requires("view_test")], operation_id="get_environments_v1_environments_get")
    async def get_environments(
        self,
        environments: NamedDependency[EnvironmentRepository],
        q: FromQuery[str | None] = None,
        families: FromQuery[list[FamilyName] | None] = None,
        limit: FromQuery[Limit] = 50,
        offset: FromQuery[Offset] = 0,
    ) -> EnvironmentsResponse:
        """Names of environments; those that contain `q`, and where artefacts of these families were tested."""
        return await environments.list_names(containing(q), families or None, limit, offset)
