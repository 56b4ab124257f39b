"""The calls of `touchstone ingest`: one test execution started, given its results, and ended, over HTTP.

Each call may be sent again: a start is known by its CI link, a posting by its Idempotency-Key, and a change says what
is to be. So whatever may pass by itself is tried again, a few times.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx
import msgspec

from touchstone.errors import Conflict, Unavailable

T = TypeVar("T")

PREFIX = "/api/v1/test-executions"
ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
TIMEOUT = httpx.Timeout(30, read=120, write=300)
PASSING = (408, 429, 500, 502, 503, 504)


class NoAnswer(Unavailable):
    """{url} does not answer: {reason}"""


class CallRefused(Conflict):
    """{method} {path} answered {status}: {detail}"""


class Started(msgspec.Struct):
    id: int
    conflict: bool = False


class Posted(msgspec.Struct):
    name: str
    status: str
    outcome: str


class Ended(msgspec.Struct):
    id: int
    status: str


class Problem(msgspec.Struct):
    """A sentence, or a list of faults."""

    detail: str | list[dict[str, Any]]


class ExecutionCalls:
    """Every method raises NoAnswer, and CallRefused for an answer that is no success and would be none again."""

    def __init__(self, http: httpx.Client, pause: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._pause = pause

    def start(self, wanted: Mapping[str, Any]) -> Started:
        return self._call(Started, "PUT", f"{PREFIX}/start-test", json=wanted)

    def describe(self, execution_id: int, metadata: Mapping[str, list[str]]) -> None:
        self._call(Ended, "PATCH", f"{PREFIX}/{execution_id}", json={"execution_metadata": metadata})

    def post(self, execution_id: int, body: bytes, media_type: str) -> list[Posted]:
        headers = {
            "Content-Type": media_type,
            "Prefer": "return=representation",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        return self._call(list[Posted], "POST", f"{PREFIX}/{execution_id}/test-results", content=body, headers=headers)

    def finish(self, execution_id: int) -> Ended:
        """The status that the results say."""
        return self._call(Ended, "PATCH", f"{PREFIX}/{execution_id}", json={"status": "COMPLETED"})

    def give_up(self, execution_id: int) -> None:
        """Nobody waits for results that will not come."""
        self._call(Ended, "PATCH", f"{PREFIX}/{execution_id}", json={"status": "ENDED_PREMATURELY"})

    def _call(self, kind: type[T], method: str, path: str, **request: Any) -> T:
        answer = self._send(method, path, **request)
        if not answer.is_success:
            raise CallRefused(method=method, path=path, status=answer.status_code, detail=_detail(answer))
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.MsgspecError as error:
            raise CallRefused(method=method, path=path, status=answer.status_code, detail=str(error)) from error

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The last answer, when none was better."""
        for attempt in range(1, ATTEMPTS + 1):
            answer: httpx.Response | None = None
            try:
                answer = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS:
                    raise NoAnswer(url=str(self._http.base_url), reason=str(error) or type(error).__name__) from error
            if answer is not None and (not _may_pass(answer) or attempt == ATTEMPTS):
                return answer
            self._pause(_pause_seconds(attempt, answer))
        raise AssertionError("the last attempt returns or raises")


def _may_pass(answer: httpx.Response) -> bool:
    return answer.status_code in PASSING or (answer.status_code == 409 and "retry-after" in answer.headers)


def _pause_seconds(attempt: int, answer: httpx.Response | None) -> float:
    """Twice as long each time, or what the service asks for."""
    asked = answer.headers.get("retry-after", "") if answer is not None else ""
    seconds = float(asked) if asked.isdigit() else FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
    return min(seconds, LONGEST_PAUSE_SECONDS)


def _detail(answer: httpx.Response) -> str:
    try:
        detail = msgspec.json.decode(answer.content, type=Problem).detail
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return answer.text[:500]
    return detail if isinstance(detail, str) else "; ".join(str(one.get("msg", one)) for one in detail[:5])
