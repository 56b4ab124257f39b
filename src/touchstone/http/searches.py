"""Pages of searches: by offset as the contract has them, or by cursor, and with a count unless none is preferred."""

import datetime as dt
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.params import FromQuery, HeaderParameter
from msgspec import Meta

from touchstone.http.paging import LARGEST_PAGE, decode_cursor, encode_cursor, next_link
from touchstone.http.preferences import prefers

NO_COUNT = "count=none"
PAGES = "A full page leads to the next one by a `Link` header. With `Prefer: count=none` the count is null."

PageSize = Annotated[int, Meta(ge=0, le=LARGEST_PAGE)]
Offset = Annotated[int, Meta(ge=0)]


class SearchPage(msgspec.Struct, frozen=True):
    """Which page was asked for. `before` is the sort key of the last row already seen; with it `offset` is 0."""

    url: str
    limit: int
    offset: int
    before: tuple[dt.datetime, int] | None
    is_counted: bool

    def headers(self, size: int, at: dt.datetime | None, row_id: int | None) -> dict[str, str]:
        """Of the answer, whose last row has this sort key: a full page leads to the next one."""
        headers = {} if self.is_counted else {"Preference-Applied": NO_COUNT}
        if 0 < self.limit == size and at is not None:
            headers["Link"] = next_link(self.url, encode_cursor(at, row_id))
        return headers


async def search_page(
    request: Request[Any, Any, Any],
    limit: FromQuery[PageSize] = 50,
    offset: FromQuery[Offset] = 0,
    cursor: FromQuery[str | None] = None,
    prefer: Annotated[str | None, HeaderParameter(name="prefer")] = None,
) -> SearchPage:
    """A dependency of searches. Raises CursorInvalid."""
    before: Any = decode_cursor(cursor, dt.datetime, int) if cursor else None
    return SearchPage(
        url=str(request.url),
        limit=limit,
        offset=0 if before else offset,
        before=before,
        is_counted=not prefers(prefer, NO_COUNT),
    )


def search_body(page: SearchPage, count: int | None, name: str, rows: bytes) -> bytes:
    """`rows` is JSON, and goes out as it is under `name`."""
    return msgspec.json.encode({"count": count, "limit": page.limit, "offset": page.offset, name: msgspec.Raw(rows)})
