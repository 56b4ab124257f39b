"""`/review-cards`."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Meta

from touchstone.domains.review_cards.model import CardStatus
from touchstone.domains.review_cards.repository import ReviewCardRepository
from touchstone.domains.review_cards.schemas import ReviewCards
from touchstone.http.guards import requires
from touchstone.http.paging import LARGEST_PAGE, decode_cursor, encode_cursor, next_link
from touchstone.http.row_ids import RowId

PageSize = Annotated[int, Meta(ge=1, le=LARGEST_PAGE)]


class ReviewCardController(Controller):
    path = "/api/v1/review-cards"
    tags = ["artefacts"]

    @get(guards=[requires("view_artefact")])
    async def list_review_cards(
        self,
        request: Request[Any, Any, Any],
        review_cards: NamedDependency[ReviewCardRepository],
        artefact_id: FromQuery[RowId | None] = None,
        status: FromQuery[CardStatus | None] = None,
        limit: FromQuery[PageSize] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[ReviewCards]:
        """Cards in Jira for reviewers of artefacts: to be made, made, or not to be had; newest first."""
        before = decode_cursor(cursor, int)[0] if cursor else None
        found = await review_cards.list_newest(artefact_id=artefact_id, status=status, before=before, limit=limit + 1)
        following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        headers = {"Link": next_link(str(request.url), following)} if following else {}
        return Response(ReviewCards(items=found[:limit], next_cursor=following), headers=headers)
