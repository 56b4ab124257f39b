"""Values out of a closed list: enums and literals."""

from enum import Enum
from typing import Any

from touchstone.http.decoding.faults import Faults, Plan, refuse


def enum(cls: type[Enum]) -> Plan:
    members: dict[Any, Enum] = {member.value: member for member in cls}
    expected = listed([member.value for member in cls])

    def decode(value: Any, faults: Faults) -> Any:
        if isinstance(value, cls):
            return value
        if isinstance(value, str | int) and not isinstance(value, bool) and value in members:
            return members[value]
        return refuse(faults, "enum", f"Input should be {expected}", value, expected=expected)

    return Plan(decode)


def literal(values: tuple[Any, ...]) -> Plan:
    allowed: dict[tuple[type, Any], Any] = {(type(value), value): value for value in values}
    expected = listed(list(values))

    def decode(value: Any, faults: Faults) -> Any:
        if isinstance(value, str | int) or value is None:
            key: tuple[type, Any] = (type(value), value)
            if key in allowed:
                return allowed[key]
        return refuse(faults, "literal_error", f"Input should be {expected}", value, expected=expected)

    return Plan(decode)


def listed(values: list[Any]) -> str:
    words = [repr(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
