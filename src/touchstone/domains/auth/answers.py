"""What browsers that sign in or out are answered: where to go next, with which cookies, and nothing to keep."""

from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.datastructures import Cookie
from litestar.openapi import ResponseSpec

from touchstone.domains.auth.model import LONGEST_URL, Method
from touchstone.errors import InvalidValue
from touchstone.http.openapi import answer

NOT_KEPT = {"Cache-Control": "no-store"}
ELSEWHERE: dict[int, ResponseSpec] = {307: answer(None, "To the identity provider.")}
TO_FRONT_END: dict[int, ResponseSpec] = {302: answer(None, "To the front end, or on to the identity provider.")}


def requested(return_to: str | None) -> str | None:
    """Raises InvalidValue for what would not fit into a URL again."""
    if return_to is not None and len(return_to) > LONGEST_URL:
        raise InvalidValue(location=("query", "return_to"), reason=f"the URL is longer than {LONGEST_URL} characters")
    return return_to or None


def sent_to(url: str, status: int, *cookies: Cookie) -> Response[Any]:
    headers = {**NOT_KEPT, "Location": url}
    return Response(b"", status_code=status, headers=headers, cookies=list(cookies), media_type="text/plain")


def plain_answer(content: Any, *cookies: Cookie) -> Response[Any]:
    return Response(content, headers=NOT_KEPT, cookies=list(cookies), media_type="application/json", status_code=200)


def beside(method: Method, step: str, return_to: str | None) -> str:
    """The same step of another way to sign on, relative, so that it holds behind any prefix."""
    query = f"?return_to={quote(return_to, safe='')}" if return_to else ""
    return f"../{method}/{step}{query}"
