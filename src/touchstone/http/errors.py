"""Failures and exceptions as answers: the one table from kinds to statuses."""

import re
from collections.abc import Mapping
from typing import Any

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from touchstone.errors import (
    Conflict,
    Exhausted,
    Failure,
    Forbidden,
    Invalid,
    InvalidValue,
    NotFound,
    Outdated,
    Refused,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from touchstone.http.decoding import FaultItem, InvalidRequest, fault_item
from touchstone.http.logging import is_logged, mark_logged
from touchstone.http.problem import PROBLEM_JSON, contract_body, rfc9457_body
from touchstone.http.request_ids import request_id

# the first that fits counts, so special cases stand before what they are cases of
STATUSES: dict[type[Failure], int] = {
    NotFound: 404,
    Outdated: 412,
    Conflict: 409,
    Refused: 400,
    TooLarge: 413,
    Invalid: 422,
    Unauthenticated: 401,
    Exhausted: 429,
    Forbidden: 403,
    Unavailable: 503,
}

_WORDS = {404: "Not Found", 405: "Method Not Allowed", 413: "The request is too large.", 500: "Internal Server Error"}
_log: Any = structlog.get_logger("touchstone.failures")
AnyRequest = Request[Any, Any, Any]


def status_of(failure: type[Failure]) -> int:
    return next((status for kind, status in STATUSES.items() if issubclass(failure, kind)), 500)


def code_of(failure: type[BaseException]) -> str:
    """The class name in snake_case: a word that clients may rely on."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", failure.__name__).lower()


def answer_exception(request: AnyRequest, error: Exception) -> Response[Any]:
    """Every exception that leaves a handler ends here."""
    if isinstance(error, HTTPException) and error.status_code != 500:
        return _answer_http_exception(request, error)
    if isinstance(error, asyncpg.DataError):
        # the decoder lets a value through that its column does not take, such as an integer past int4
        error = InvalidValue(location=("body",), reason="A value does not fit its column")
    if isinstance(error, Failure) and status_of(type(error)) != 500:
        return _answer_failure(request, error)
    _log_fault(error)
    return _answer(request, 500, "internal_server_error", _WORDS[500])


exception_handlers: dict[int | type[Exception], Any] = {Exception: answer_exception}


def _log_fault(error: Exception) -> None:
    if not is_logged(error):
        mark_logged(error)
        _log.error("request failed", error=type(error).__name__, exc_info=error)


def _answer_failure(request: AnyRequest, failure: Failure) -> Response[Any]:
    seconds = getattr(failure, "retry_after_seconds", None)
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    if isinstance(failure, Exhausted):
        headers |= failure.headers
    return _answer(request, status_of(type(failure)), code_of(type(failure)), _detail(failure), headers)


def _detail(failure: Failure) -> str | list[FaultItem]:
    if isinstance(failure, InvalidRequest):
        return failure.errors
    if isinstance(failure, InvalidValue):
        return [fault_item("value_error", failure.location, f"Value error, {failure}", failure.value, error={})]
    return str(failure)


def _answer_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    phrase = _WORDS.get(error.status_code) or str(error.detail)
    code = code_of(type(error)).removesuffix("_exception")
    return _answer(request, error.status_code, code, phrase, _canonical(error.headers or {}))


def _canonical(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: ", ".join(sorted(value.split(", "))) if name == "allow" else value for name, value in headers.items()}


def _answer(
    request: AnyRequest,
    status: int,
    code: str,
    detail: str | list[FaultItem],
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    known_as = request_id(dict(request.scope))
    if _wants_problem_details(request):
        body = rfc9457_body(status, code, detail, known_as, request.scope["path"])
        return Response(body, status_code=status, media_type=PROBLEM_JSON, headers=headers)
    body = contract_body(status, code, detail, known_as)
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def _wants_problem_details(request: AnyRequest) -> bool:
    ranges = [part.partition(";") for part in request.headers.get("accept", "").split(",")]
    return any(name.strip().lower() == PROBLEM_JSON and rest.strip() != "q=0" for name, _, rest in ranges)
