"""`/artefacts`."""

from typing import Annotated, Any, ClassVar

from litestar import Controller, Request, Response, get, patch
from litestar.connection import ASGIConnection
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from touchstone.domains.artefacts.model import (
    ApproverUnknown,
    ArtefactNotFound,
    BundledBuildRepeated,
    BundledBuildUnknown,
    BundleExists,
    NoneRejected,
    NotAllApproved,
    OwnExecution,
    RejectedWithoutComment,
    ReviewerEmailRepeated,
    ReviewerEmailUnknown,
    ReviewerIdRepeated,
    ReviewerIdUnknown,
    ReviewersGivenTwice,
    StageOfOtherFamily,
    listing_of,
)
from touchstone.domains.artefacts.repository import ArtefactRepository
from touchstone.domains.artefacts.schemas import (
    ArtefactDecisions,
    ArtefactHistoryResponse,
    ArtefactPatch,
    ArtefactSearchResponse,
    ArtefactVersionResponse,
)
from touchstone.domains.artefacts.service import ArtefactService, ShownArtefact
from touchstone.domains.families.model import FamilyName, StageName, families_shown
from touchstone.domains.shapes.artefacts import ArtefactResponse
from touchstone.domains.shapes.shown import shown_to
from touchstone.errors import Outdated
from touchstone.http.caller import Caller, caller_of
from touchstone.http.guards import Access, InsufficientPermissions, requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import failures
from touchstone.http.paging import LARGEST_PAGE, decode_cursor, next_link
from touchstone.http.preconditions import EDITION_HEADER, IfMatch, editions_allowed, with_edition
from touchstone.http.row_ids import RowId

SearchSize = Annotated[int, Meta(ge=1, le=1000)]
HistorySize = Annotated[int, Meta(ge=1, le=500)]
PageSize = Annotated[int, Meta(ge=1, le=LARGEST_PAGE)]
Offset = Annotated[int, Meta(ge=0, le=2**31 - 1)]

APPROVALS = "Touchstone-Approvals"
HEADERS = [
    EDITION_HEADER,
    ResponseHeader(
        name=APPROVALS,
        description="How many people have approved it of how many who must, such as `1/2`, while it waits for more.",
        documentation_only=True,
    ),
]


class ChangesArtefact(Access):
    """The permission is tested further in, because a rule may grant it for this artefact; one that is not there is
    answered before anything else is looked at, as the contract has it."""

    permissions: ClassVar[tuple[str, ...]] = ("change_artefact",)  # pyright: ignore[reportIncompatibleVariableOverride]

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Raises ArtefactNotFound."""
        artefacts: Any = handler.resolve_dependencies()["artefacts"]
        given = str(connection.path_params["artefact_id"])
        if given.isascii() and given.isdigit() and len(given) <= 10 and int(given) < 2**31:
            await artefacts.given.require(families_shown(caller_of(connection)), int(given))


class ArtefactController(Controller):
    path = "/api/v1/artefacts"
    tags = ["artefacts"]

    @get(guards=[requires("view_artefact")], operation_id="get_artefacts_v1_artefacts_get")
    async def get_artefacts(
        self,
        caller: NamedDependency[Caller],
        artefacts: NamedDependency[ArtefactRepository],
        family: FromQuery[FamilyName | None] = None,
    ) -> Response[list[ArtefactResponse]]:
        """The newest that are not archived, of a family or of all; charms all."""
        shown = shown_to(caller, families=[family])
        listed = shown.families if family is None else [family]
        return json_answer(await artefacts.list_newest(shown, listing_of(listed)))

    @get("/search", guards=[requires("view_artefact")], operation_id="search_artefacts_v1_artefacts_search_get")
    async def search_artefacts(
        self,
        caller: NamedDependency[Caller],
        artefacts: NamedDependency[ArtefactRepository],
        q: FromQuery[str | None] = None,
        families: FromQuery[list[FamilyName] | None] = None,
        limit: FromQuery[SearchSize] = 50,
        offset: FromQuery[Offset] = 0,
    ) -> Response[ArtefactSearchResponse]:
        """Names of artefacts that are not archived; `%` and `_` stand for others."""
        listed = families or families_shown(caller)
        return json_answer(await artefacts.search_names(listed, (q or "").strip(), limit=limit, offset=offset))

    @get("/history", guards=[requires("view_artefact")], operation_id="get_artefact_history_v1_artefacts_history_get")
    async def get_artefact_history(
        self,
        artefacts: NamedDependency[ArtefactRepository],
        name: FromQuery[str],
        family: FromQuery[FamilyName],
        track: FromQuery[str] = "latest",
        stage: FromQuery[StageName | None] = None,
        limit: FromQuery[HistorySize] = 10,
        offset: FromQuery[Offset] = 0,
    ) -> Response[ArtefactHistoryResponse]:
        """All versions of a name on a track, newest first; debs and images stand on the empty one."""
        return json_answer(await artefacts.history(name, family, track, stage, limit=limit, offset=offset))

    @get(
        "/{artefact_id:str}",
        guards=[requires("view_artefact")],
        operation_id="get_artefact_v1_artefacts__artefact_id__get",
        responses=failures(ArtefactNotFound),
        response_headers=HEADERS,
    )
    async def get_artefact(
        self,
        artefact_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        artefact_service: NamedDependency[ArtefactService],
    ) -> Response[ArtefactResponse]:
        """One artefact, be it archived or not."""
        return _answer(await artefact_service.get(caller, artefact_id))

    @get(
        "/{artefact_id:str}/versions",
        guards=[requires("view_artefact")],
        operation_id="get_artefact_versions_v1_artefacts__artefact_id__versions_get",
        responses=failures(ArtefactNotFound),
    )
    async def get_artefact_versions(
        self,
        artefact_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        artefacts: NamedDependency[ArtefactRepository],
    ) -> Response[list[ArtefactVersionResponse]]:
        """The versions of what is otherwise the same, newest first."""
        return json_answer(await artefacts.list_versions(families_shown(caller), artefact_id))

    @get("/{artefact_id:str}/decisions", guards=[requires("view_artefact")], responses=failures(ArtefactNotFound))
    async def list_artefact_decisions(
        self,
        request: Request[Any, Any, Any],
        artefact_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        artefact_service: NamedDependency[ArtefactService],
        limit: FromQuery[PageSize] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[ArtefactDecisions]:
        """Who decided what of an artefact and its environment reviews, newest first."""
        (before,) = decode_cursor(cursor, int) if cursor else (None,)
        found = await artefact_service.list_decisions(caller, artefact_id, before=before, limit=limit)
        headers = {"Link": next_link(str(request.url), found.next_cursor)} if found.next_cursor else {}
        return Response(found, headers=headers)

    @patch(
        "/{artefact_id:str}",
        guards=[ChangesArtefact()],
        operation_id="patch_artefact_v1_artefacts__artefact_id__patch",
        responses=failures(
            ArtefactNotFound,
            InsufficientPermissions,
            NotAllApproved,
            NoneRejected,
            RejectedWithoutComment,
            OwnExecution,
            ApproverUnknown,
            StageOfOtherFamily,
            ReviewersGivenTwice,
            ReviewerIdRepeated,
            ReviewerEmailRepeated,
            ReviewerIdUnknown,
            ReviewerEmailUnknown,
            BundledBuildRepeated,
            BundledBuildUnknown,
            BundleExists,
            Outdated,
        ),
        response_headers=HEADERS,
    )
    async def patch_artefact(
        self,
        artefact_id: FromPath[RowId],
        data: JSONBody[ArtefactPatch],
        caller: NamedDependency[Caller],
        artefact_service: NamedDependency[ArtefactService],
        artefacts: NamedDependency[ArtefactRepository],
        if_match: IfMatch = None,
    ) -> Response[ArtefactResponse]:
        """Decides of an artefact, moves it, and says who reviews it."""
        return _answer(await artefact_service.change(caller, artefact_id, data, editions_allowed(if_match)))


def _answer(shown: ShownArtefact) -> Response[ArtefactResponse]:
    approvals = shown.approvals
    headers = {APPROVALS: f"{approvals.given}/{approvals.needed}"} if approvals else {}
    return with_edition(bytes(shown.written.body), shown.written.edition, headers)
