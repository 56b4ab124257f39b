"""ETags that name the edition of a thing, and If-Match: whoever read an old edition does not write over a new one.

RFC 9110, sections 8.8.3 and 13.1.1, with one liberty: a tag counts with `W/` before it as well, because that is what
clients are shown of a strong one when the answer travels packed, and the edition is the same.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Response
from litestar.datastructures import ResponseHeader
from litestar.params import HeaderParameter

from touchstone.http.json_answers import json_answer

_TAG = re.compile(r'"([^"]*)"')
_EDITION = re.compile(r"[1-9]\d{0,8}")

IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="Refuse with 412 unless this ETag is still that of what is changed."),
]
EDITION_HEADER = ResponseHeader(name="ETag", description="The edition, for If-Match.", documentation_only=True)


def edition_tag(edition: int) -> str:
    return f'"{edition}"'


def editions_allowed(if_match: str | None) -> list[int] | None:
    """What a guard `$n::integer[] is null or edition = any ($n)` takes: None allows any, no edition allows none."""
    if if_match is None or if_match.strip() == "*":
        return None
    return [int(found[1]) for found in _TAG.finditer(if_match) if _EDITION.fullmatch(found[1])]


def with_edition(body: bytes, edition: int, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """An answer whose JSON is written already."""
    return json_answer(body, {"ETag": edition_tag(edition), **(headers or {})})
