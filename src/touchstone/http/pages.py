"""Which page of a list was asked for, and how it is answered."""

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response

from touchstone.http.paging import Listing, decode_cursor, encode_cursor, next_link, page_bounds

Item = TypeVar("Item")


class Page(msgspec.Struct, frozen=True):
    """`after` is the sort key of the last row already seen; with it `skip` is 0."""

    url: str
    skip: int
    limit: int
    after: tuple[dt.datetime, Any] | None

    def answer(
        self, total: int, items: list[Item], key: Callable[[Item], tuple[dt.datetime, UUID | int]]
    ) -> Response[Listing[Item]]:
        """A full page leads to the next one by a `Link` header."""
        is_full = 0 < self.limit == len(items)
        headers = {"Link": next_link(self.url, encode_cursor(*key(items[-1])))} if is_full else {}
        return Response(Listing(total=total, items=items), headers=headers)


def page_of(
    request: Request[Any, Any, Any], skip: int, limit: int, cursor: str | None, id_type: type[Any] = UUID
) -> Page:
    """By offset as the contracts have it, or by cursor. Raises CursorInvalid."""
    offset, size = page_bounds(skip, limit)
    after: Any = decode_cursor(cursor, dt.datetime, id_type) if cursor else None
    return Page(url=str(request.url), skip=0 if after else offset, limit=size, after=after)
