"""Pages: the contracts' `{total, items}`, and keyset pages with an opaque cursor behind a `Link` header."""

import base64
import binascii
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import msgspec

from touchstone.errors import InvalidValue

LARGEST_PAGE = 1000
LONGEST_CURSOR = 1024

Item = TypeVar("Item")
CursorValue = str | int | float | bool | datetime | UUID | None


class Listing(msgspec.Struct, Generic[Item]):
    """One page, and how many there are in all."""

    total: int
    items: list[Item]


class CursorInvalid(InvalidValue):
    """{reason}"""

    def __init__(self, value: str) -> None:
        super().__init__(location=("query", "cursor"), reason="This is no cursor of this list", value=value[:100])


def page_bounds(skip: int, limit: int) -> tuple[int, int]:
    """Offset and size as SQL takes them: a negative skip is none, a negative limit asks for the largest page."""
    size = LARGEST_PAGE if limit < 0 else min(limit, LARGEST_PAGE)
    return max(skip, 0), size


def encode_cursor(*values: CursorValue) -> str:
    """The sort key of a page's last row, as text that says nothing to clients and is safe in a URL."""
    tagged = [{"t": v} if isinstance(v, datetime) else {"u": v} if isinstance(v, UUID) else v for v in values]
    return base64.urlsafe_b64encode(msgspec.json.encode(tagged)).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The values that `encode_cursor` was given. Raises CursorInvalid unless they have these kinds."""
    try:
        raw = _from_base64(cursor)
        values = [_untagged(value) for value in msgspec.json.decode(raw, type=list[Any])]
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
        raise CursorInvalid(cursor) from None
    if len(values) != len(kinds) or not all(_has_kind(value, kind) for value, kind in zip(values, kinds, strict=True)):
        raise CursorInvalid(cursor)
    return tuple(values)


def _from_base64(cursor: str) -> bytes:
    if len(cursor) > LONGEST_CURSOR:
        raise ValueError("too long")
    return base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)


def _untagged(value: Any) -> Any:
    match value:
        case {"t": str(written)}:
            return msgspec.convert(written, datetime)
        case {"u": str(written)}:
            return UUID(written)
        case _:
            return value


def _has_kind(value: Any, kind: type) -> bool:
    if isinstance(value, bool) and kind is not bool:
        return False
    if isinstance(value, int) and abs(value) >= 2**63:
        return False
    if isinstance(value, datetime) and value.tzinfo is None:
        return False
    return isinstance(value, kind) and not (isinstance(value, str) and "\0" in value)


def next_link(url: str, cursor: str) -> str:
    """The `Link` header's value that leads from the page at `url` to the one after it."""
    scheme, host, path, query, _ = urlsplit(url)
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(key, value) for key, value in pairs if key not in ("cursor", "skip", "offset")]
    following = urlunsplit((scheme, host, path, urlencode([*kept, ("cursor", cursor)]), ""))
    return f'<{following}>; rel="next"'
