"""`/models`: the catalogue of suggested models."""

from litestar import Controller, get
from litestar.params import FromQuery

from touchstone.domains.models.model import SuggestedModel, UnsupportedTasks, suggested_for
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.paging import Listing


class ModelController(Controller):
    path = "/api/v1/models"
    tags = ["models"]

    @get(
        guards=[requires("view_experiment")],
        operation_id="get_suggested_models_api_v1_models__get",
        responses=failures(UnsupportedTasks),
    )
    async def get_suggested_models(self, tasks: FromQuery[list[str] | None] = None) -> Listing[SuggestedModel]:
        """Models suggested for any of the tasks."""
        models = suggested_for(tasks)
        return Listing(total=len(models), items=models)
