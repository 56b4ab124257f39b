"""`/artefacts/{id}/builds`."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from touchstone.domains.artefacts.model import ArtefactNotFound
from touchstone.domains.builds.repository import BuildRepository
from touchstone.domains.builds.schemas import ArtefactBuildResponse
from touchstone.domains.shapes.shown import shown_to
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId


class BuildController(Controller):
    path = "/api/v1/artefacts/{artefact_id:str}/builds"
    tags = ["artefacts"]

    @get(
        guards=[requires("view_artefact")],
        operation_id="get_artefact_builds_v1_artefacts__artefact_id__builds_get",
        responses=failures(ArtefactNotFound),
    )
    async def get_artefact_builds(
        self,
        artefact_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        builds: NamedDependency[BuildRepository],
    ) -> Response[list[ArtefactBuildResponse]]:
        """Of each architecture the newest build, with its test executions."""
        return json_answer(await builds.list_latest(shown_to(caller), artefact_id))
