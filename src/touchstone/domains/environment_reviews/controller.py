"""`/artefacts/{id}/environment-reviews`."""

from litestar import Controller, Response, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from touchstone.domains.artefacts.model import ApproverUnknown, ArtefactNotFound, OwnExecution
from touchstone.domains.environment_reviews.model import ReviewNotFound, ReviewOfOtherArtefact
from touchstone.domains.environment_reviews.repository import EnvironmentReviewRepository
from touchstone.domains.environment_reviews.schemas import EnvironmentReviewPatch, Patches
from touchstone.domains.environment_reviews.service import EnvironmentReviewService
from touchstone.domains.shapes.reviews import ArtefactBuildEnvironmentReviewResponse
from touchstone.domains.shapes.shown import shown_to
from touchstone.errors import Outdated
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import failures
from touchstone.http.preconditions import EDITION_HEADER, IfMatch, editions_allowed, with_edition
from touchstone.http.row_ids import RowId


class EnvironmentReviewController(Controller):
    path = "/api/v1/artefacts/{artefact_id:str}/environment-reviews"
    tags = ["artefacts"]

    @get(
        guards=[requires("view_environment_review")],
        operation_id="get_environment_reviews_v1_artefacts__artefact_id__environment_reviews_get",
        responses=failures(ArtefactNotFound),
    )
    async def get_environment_reviews(
        self,
        artefact_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        environment_reviews: NamedDependency[EnvironmentReviewRepository],
    ) -> Response[list[ArtefactBuildEnvironmentReviewResponse]]:
        """The reviews of the latest builds, by environment."""
        return json_answer(await environment_reviews.list_of_latest_builds(shown_to(caller), artefact_id))

    @get(
        "/{review_id:str}",
        guards=[requires("view_environment_review")],
        responses=failures(ReviewNotFound, ReviewOfOtherArtefact),
        response_headers=[EDITION_HEADER],
    )
    async def get_environment_review(
        self,
        artefact_id: FromPath[RowId],
        review_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        environment_reviews: NamedDependency[EnvironmentReviewRepository],
    ) -> Response[ArtefactBuildEnvironmentReviewResponse]:
        """One review, be it of an old build."""
        found = await environment_reviews.get(shown_to(caller), artefact_id, review_id)
        return with_edition(bytes(found.body), found.edition)

    @patch(
        "/{review_id:str}",
        guards=[requires("change_environment_review")],
        operation_id="update_environment_review_v1_artefacts__artefact_id__environment_reviews__review_id__patch",
        responses=failures(ReviewNotFound, ReviewOfOtherArtefact, OwnExecution, ApproverUnknown, Outdated),
        response_headers=[EDITION_HEADER],
    )
    async def update_environment_review(
        self,
        artefact_id: FromPath[RowId],
        review_id: FromPath[RowId],
        data: JSONBody[EnvironmentReviewPatch],
        caller: NamedDependency[Caller],
        environment_review_service: NamedDependency[EnvironmentReviewService],
        if_match: IfMatch = None,
    ) -> Response[ArtefactBuildEnvironmentReviewResponse]:
        """Decides of a build in an environment."""
        editions = editions_allowed(if_match)
        found = await environment_review_service.change(caller, artefact_id, review_id, data, editions)
        return with_edition(bytes(found.body), found.edition)

    @patch(
        guards=[requires("change_environment_review")],
        operation_id="bulk_update_environment_reviews_v1_artefacts__artefact_id__environment_reviews_patch",
        responses=failures(OwnExecution, ApproverUnknown),
    )
    async def bulk_update_environment_reviews(
        self,
        artefact_id: FromPath[RowId],
        data: JSONBody[Patches],
        caller: NamedDependency[Caller],
        environment_review_service: NamedDependency[EnvironmentReviewService],
    ) -> Response[list[ArtefactBuildEnvironmentReviewResponse]]:
        """Decides of several; what is not there or of another artefact is left out."""
        return json_answer(await environment_review_service.change_several(caller, artefact_id, data))
