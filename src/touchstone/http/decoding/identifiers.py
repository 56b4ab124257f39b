"""UUIDs. The words are those of the uuid crate, in which existing clients get to read them."""

import re
from typing import Any
from uuid import UUID

from touchstone.http.decoding.faults import Faults, Plan, refuse

_PREFIX = "urn:uuid:"
_ACCEPTED = re.compile(
    r"[0-9a-f]{32}|(?P<open>\{)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?(open)\})"
    r"|urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
_GROUP_LENGTHS = (8, 4, 4, 4, 12)
_ALPHABET = frozenset("0123456789abcdefABCDEF-")


def uuid() -> Plan:
    return Plan(_uuid)


def _uuid(value: Any, faults: Faults) -> Any:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str):
        return refuse(faults, "uuid_type", "UUID input should be a string, bytes or UUID object", value)
    if _ACCEPTED.fullmatch(value):
        return UUID(value)
    why = _what_is_wrong(value)
    return refuse(faults, "uuid_parsing", f"Input should be a valid UUID, {why}", value, error=why)


def _what_is_wrong(value: str) -> str:
    inner, offset = _without_wrapping(value)
    for index, character in enumerate(inner):
        if character not in _ALPHABET:
            at = len(inner[:index].encode()) + offset + 1
            expected = f"an optional prefix of `{_PREFIX}` followed by [0-9a-fA-F-]"
            return f"invalid character: expected {expected}, found `{character}` at {at}"
    groups = inner.split("-")
    if len(groups) == 1 and not offset:
        return f"invalid length: expected length 32 for simple format, found {len(value)}"
    if len(groups) != len(_GROUP_LENGTHS):
        return f"invalid group count: expected 5, found {len(groups)}"
    for place, (group, length) in enumerate(zip(groups, _GROUP_LENGTHS, strict=True)):
        if len(group) != length:
            return f"invalid group length in group {place}: expected {length}, found {len(group)}"
    return "invalid length"


def _without_wrapping(value: str) -> tuple[str, int]:
    if value.startswith("{") and value.endswith("}") and len(value) > 1:
        return value[1:-1], 1
    if value.startswith(_PREFIX):
        return value[len(_PREFIX) :], len(_PREFIX)
    return value, 0
