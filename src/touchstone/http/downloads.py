"""Objects by signed link: the service stands in for an object store that has no server of its own."""

import datetime as dt
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, SkipValidation
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK, HTTP_206_PARTIAL_CONTENT, HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE

from touchstone.adapters.attachments import attachment, content_type_of
from touchstone.adapters.object_store import ObjectNotFound, ObjectStore, StoredObject
from touchstone.adapters.signed_urls import PATH, LinkForged, SignedUrls
from touchstone.http.byte_ranges import ByteRange, UnsatisfiableRangeError, asked_range, limited
from touchstone.http.guards import anybody
from touchstone.http.rate_limits import UNLIMITED


@get(f"{PATH}{{key:path}}", include_in_schema=False, guards=[anybody], opt=UNLIMITED)
async def download_object(
    object_store: NamedDependency[SkipValidation[ObjectStore]],
    signed_urls: NamedDependency[SignedUrls],
    key: FromPath[str],
    expires: FromQuery[str] = "",
    filename: FromQuery[str] = "",
    key_id: FromQuery[str] = "",
    signature: FromQuery[str] = "",
    range_header: Annotated[str | None, HeaderParameter(name="range")] = None,
    if_range: Annotated[str | None, HeaderParameter(name="if-range")] = None,
) -> Response[None] | Stream:
    """One object, or one piece of it, to whoever holds a link that we signed."""
    name = key.removeprefix("/")
    _verify(signed_urls, name, expires, filename, key_id, signature)
    if (found := await object_store.find(name)) is None:
        raise ObjectNotFound(key=name)
    headers = _headers(found, filename)
    try:
        piece = asked_range(range_header if if_range in (None, headers["ETag"]) else None, found.size)
    except UnsatisfiableRangeError:
        return _behind_the_end(found)
    return _piece(object_store, found, piece, headers)


def _verify(signed_urls: SignedUrls, key: str, expires: str, filename: str, key_id: str, signature: str) -> None:
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        raise LinkForged
    signed_urls.verify(key, int(expires), filename, key_id, signature, dt.datetime.now(dt.UTC))


def _headers(found: StoredObject, filename: str) -> dict[str, str]:
    name = filename or found.key.rpartition("/")[2]
    return {
        "Content-Disposition": attachment(name),
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "ETag": f'"{int(found.modified_at.timestamp() * 1_000_000):x}-{found.size:x}"',
    }


def _piece(store: ObjectStore, found: StoredObject, piece: ByteRange | None, headers: dict[str, str]) -> Stream:
    whole = piece or ByteRange(0, found.size)
    headers = {**headers, "Content-Length": str(whole.length)}
    if piece is not None:
        headers["Content-Range"] = piece.of(found.size)
    return Stream(
        limited(store.stream(found.key, start=whole.start), whole.length),
        status_code=HTTP_200_OK if piece is None else HTTP_206_PARTIAL_CONTENT,
        media_type=content_type_of(found.key),
        headers=headers,
    )


def _behind_the_end(found: StoredObject) -> Response[None]:
    return Response(
        None,
        status_code=HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE,
        headers={"Content-Range": f"bytes */{found.size}", "X-Content-Type-Options": "nosniff"},
    )
