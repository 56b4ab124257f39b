"""How our answer differs from the recorded one: status, headers, keys, kinds of values, and values that never vary."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
from tests.compatibility.exchanges import Recorded
from tests.compatibility.identifiers import Identifiers

OUR_OWN_TEXT = "<our own text>"
TIMES = {"created_at", "updated_at", "start_time", "end_time"}
# a cluster of another making answers them
CLUSTERS_OWN = {"runtime_env", "driver_agent_http_address", "driver_node_id"}
COUNTS = {"total"}
CLASH_SUFFIX = re.compile(r"_\d{20}$")
BUCKET = "lumigator-storage/"
LOG_SEPARATOR = "\n================\n"
ORIGIN_HEADERS = ("access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-headers")
LISTED_HEADERS = ("vary", "allow", "access-control-allow-methods")

Found = Iterator[str]


class Comparison:
    """Of one exchange. `added` collects the fields that only we send, as `{collection}.{name}` or `failures.{name}`."""

    def __init__(self, ids: Identifiers) -> None:
        self.ids = ids
        self.added: set[str] = set()
        self.collection = ""

    def of(self, recorded: Recorded, answer: httpx.Response) -> list[str]:
        """In words; nothing more is compared where the status differs."""
        self.collection = "failures" if recorded.status >= 400 else recorded.path.split("/")[1].partition("?")[0]
        if answer.status_code != recorded.status:
            return [f"status {answer.status_code}, recorded {recorded.status}"]
        return [*self._headers(recorded, answer.headers), *self._body("body", recorded.body, body_of(answer))]

    def _headers(self, recorded: Recorded, ours: httpx.Headers) -> Found:
        theirs = recorded.headers
        if recorded.body not in ("", None) and media_type(theirs) != media_type(ours):
            yield f"content-type {media_type(ours)}, recorded {media_type(theirs)}"
        for name in ("location", *ORIGIN_HEADERS):
            wanted = self.ids.ours(theirs[name]) if name in theirs else ours.get(name)
            if ours.get(name) != wanted:
                yield f"{name} {ours.get(name)}, recorded {theirs[name]}"
        for name in LISTED_HEADERS:
            if missing := words(theirs.get(name, "")) - words(ours.get(name, "")):
                yield f"{name} lacks {', '.join(sorted(missing))}"

    def _body(self, where: str, theirs: Any, ours: Any, *, exactly: bool = True) -> Found:
        key = where.rpartition(".")[2]
        if key in CLUSTERS_OWN:
            return
        if key in TIMES:
            yield from _time(where, theirs, ours)
        elif isinstance(theirs, dict) and isinstance(ours, dict):
            yield from self._object(where, theirs, ours, exactly)
        elif isinstance(theirs, list) and isinstance(ours, list):
            yield from self._list(where, theirs, ours, exactly)
        elif not exactly and None in (theirs, ours):
            return
        elif kind_of(theirs) != kind_of(ours):
            yield f"{where} is {kind_of(ours)}, recorded {kind_of(theirs)}"
        elif exactly and key not in COUNTS and not self._fits(key, theirs, ours):
            yield f"{where} is {ours!r}, recorded {theirs!r}"

    def _object(self, where: str, theirs: dict[str, Any], ours: dict[str, Any], exactly: bool) -> Found:
        if where.endswith(".metrics"):
            yield from _metrics(where, list(ours.values()))
            return
        if not where.endswith(".parameters"):  # those are of a workflow that may have got further
            self.added |= {f"{self.collection}.{name}" for name in ours.keys() - theirs.keys()}
        is_made_by_a_job = theirs.get("run_id") is not None
        for name, value in theirs.items():
            if name not in ours:
                yield f"{where}.{name} is missing"
            elif name == "size" and is_made_by_a_job:
                yield from self._body(f"{where}.{name}", value, ours[name], exactly=False)
            else:
                yield from self._body(f"{where}.{name}", value, ours[name], exactly=exactly)

    def _list(self, where: str, theirs: list[Any], ours: list[Any], exactly: bool) -> Found:
        if where.endswith(".metrics"):
            yield from _metrics(where, [metric["value"] for metric in ours])
        elif where.endswith(".items") and theirs and "id" in theirs[0]:
            yield from self._rows(where, theirs, ours)
        elif exactly and len(theirs) != len(ours):
            yield f"{where} has {len(ours)} entries, recorded {len(theirs)}"
        else:
            for index, (one, other) in enumerate(zip(theirs, ours, strict=False)):
                yield from self._body(f"{where}[{index}]", one, other, exactly=exactly)

    def _rows(self, where: str, theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> Found:
        """Rows are recognized by their ids: which of them stand on a page depends on what else was accepted before.

        One that is not found is held, in its form alone, against another of its kind.
        """
        mine = {row["id"]: row for row in ours}
        if not ours:
            yield f"{where} is empty"
        # jobs are listed the other way round, and those that run at once leave their datasets in any order
        sent = [self.ids.row(row["id"]) for row in theirs if row.get("run_id") is None]
        order = [identifier for identifier in sent if identifier in mine]
        if self.collection != "jobs" and order != [identifier for identifier in mine if identifier in order]:
            yield f"{where} stand in another order"
        for row in theirs:
            known = mine.get(self.ids.row(row["id"]))
            alike = (other for other in ours if other.get("job_type") == row.get("job_type"))
            if (other := known or next(alike, None)) is not None:
                yield from self._body(f"{where}[]", row, other, exactly=known is not None)

    def _fits(self, key: str, theirs: Any, ours: Any) -> bool:
        if not isinstance(theirs, str):
            return theirs == ours
        if theirs == OUR_OWN_TEXT or (key == "description" and self.collection == "models"):
            return bool(ours) and ours != OUR_OWN_TEXT
        if key == "logs":
            return theirs == "" or theirs.count(LOG_SEPARATOR) == ours.count(LOG_SEPARATOR)
        if BUCKET in theirs:
            return unquote(urlsplit(ours).path).endswith("/" + self.ids.ours(stored_key(theirs)))
        if key in ("id", "experiment_id") and theirs.isdigit():
            return self.ids.experiment(theirs) == ours
        return CLASH_SUFFIX.sub("_", self.ids.ours(theirs)) == CLASH_SUFFIX.sub("_", ours)


def stored_key(url: str) -> str:
    """Of an object that the recorded URL leads to; some of these have a slash too many."""
    return unquote(urlsplit(url).path if url.startswith("http") else url).partition(BUCKET)[2].lstrip("/")


def body_of(answer: httpx.Response) -> Any:
    """As the recording has it: JSON decoded, anything else as text."""
    return msgspec.json.decode(answer.content) if media_type(answer.headers).endswith("json") else answer.text


def media_type(headers: Any) -> str:
    return headers.get("content-type", "").partition(";")[0]


def words(listed: str) -> set[str]:
    return {word.strip().lower() for word in listed.split(",") if word.strip()}


def kind_of(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__


def _time(where: str, theirs: str | None, ours: str | None) -> Found:
    if theirs is not None and ours is None:
        yield f"{where} is missing"
    if ours is not None and (not ours.endswith("Z") or datetime.fromisoformat(ours).tzinfo is None):
        yield f"{where} has no zone"


def _metrics(where: str, values: list[Any]) -> Found:
    """Which there are depends on what was asked for; the recorded cluster answered the same ones always."""
    if any(kind_of(value) != "number" for value in values):
        yield f"{where} holds something else than numbers"
