"""The bodies of failures: the one that clients of both contracts read, and RFC 9457 for whoever asks for it."""

from http import HTTPStatus
from typing import Any

import msgspec

from touchstone.http.decoding import BranchTag, FaultItem

PROBLEM_JSON = "application/problem+json"
LARGEST_ECHO = 64 * 1024


class Problem(msgspec.Struct):
    """A failure: `detail` says what happened, `code` is a word for programs."""

    detail: str
    title: str
    status: int
    code: str
    request_id: str


class ValidationError(msgspec.Struct):
    """One fault of a request; `loc` is the path to it, `body`, `query`, `path`, `header` or `cookie` first."""

    loc: list[str | int]
    msg: str
    type: str
    input: Any | msgspec.UnsetType = msgspec.UNSET
    ctx: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class HTTPValidationError(msgspec.Struct):
    """All faults of a request."""

    detail: list[ValidationError]
    title: str
    status: int
    code: str
    request_id: str


class ProblemFault(msgspec.Struct):
    """One fault; `pointer` is a JSON pointer into the body, `in` and `parameter` name what is not in the body."""

    detail: str
    type: str
    pointer: str | msgspec.UnsetType = msgspec.UNSET
    source: str | msgspec.UnsetType = msgspec.field(name="in", default=msgspec.UNSET)
    parameter: str | msgspec.UnsetType = msgspec.UNSET


class ProblemDetails(msgspec.Struct):
    """RFC 9457, for whoever accepts application/problem+json."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[ProblemFault] | msgspec.UnsetType = msgspec.UNSET


def contract_body(status: int, code: str, detail: str | list[FaultItem], request_id: str) -> dict[str, Any]:
    shown = detail if isinstance(detail, str) else shown_items(detail)
    title = HTTPStatus(status).phrase
    return {"detail": shown, "title": title, "status": status, "code": code, "request_id": request_id}


def rfc9457_body(
    status: int, code: str, detail: str | list[FaultItem], request_id: str, instance: str
) -> dict[str, Any]:
    """Problem details, https://www.rfc-editor.org/rfc/rfc9457; `code` and `request_id` are extensions."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail if isinstance(detail, str) else _sentence(detail),
        "instance": instance,
        "code": code,
        "request_id": request_id,
    }
    return body if isinstance(detail, str) else {**body, "errors": [_pointed(item) for item in detail]}


def shown_items(items: list[FaultItem]) -> list[FaultItem]:
    """Fault items as they are sent. What they show of the request stops at a bound: each may show all of it."""
    room = LARGEST_ECHO
    shown: list[FaultItem] = []
    for item in items:
        size = _size(item["input"])
        room -= size
        loc = [part if isinstance(part, int) else str(part) for part in item["loc"]]
        shown.append({**item, "loc": loc, "input": item["input"] if room >= 0 else None})
    return shown


def _size(value: Any) -> int:
    try:
        return len(msgspec.json.encode(value))
    except (TypeError, ValueError, RecursionError):
        return LARGEST_ECHO + 1


def _sentence(items: list[FaultItem]) -> str:
    first = f"{'.'.join(str(part) for part in items[0]['loc'])}: {items[0]['msg']}"
    return first if len(items) == 1 else f"{first} (and {len(items) - 1} more)"


def _pointed(item: FaultItem) -> dict[str, Any]:
    source, *path = item["loc"]
    described = {"detail": item["msg"], "type": item["type"]}
    if source != "body":
        return {**described, "in": source, "parameter": str(path[0]) if path else ""}
    keys = [str(part).replace("~", "~0").replace("/", "~1") for part in path if not isinstance(part, BranchTag)]
    is_syntax = item["type"] == "json_invalid"
    return {**described, "pointer": "#" if is_syntax else "".join(["#", *(f"/{key}" for key in keys)])}
