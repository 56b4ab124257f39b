"""Lists, sets, tuples, mappings, and values of any kind."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from msgspec import inspect

from touchstone.http.decoding.faults import (
    FAILED,
    MOST_FAULTS,
    REDACTED,
    Faults,
    Plan,
    place,
    redacted,
    refuse,
    refuse_at,
)
from touchstone.http.decoding.scalars import refuse_nul

DEEPEST = 64

_WORDS = {
    list: ("list", "list", "List"),
    set: ("set", "set", "Set"),
    frozenset: ("frozen_set", "frozenset", "Frozenset"),
    tuple: ("tuple", "tuple", "Tuple"),
}


def collection(node: inspect.CollectionType, item: Plan, make: Callable[[list[Any]], Any]) -> Plan:
    """`make` is list, set, frozenset or tuple."""
    kind, noun, title = _WORDS[make]  # pyright: ignore[reportArgumentType]
    redact = partial(_redact_items, item) if item.redact else None
    shortest, longest = node.min_length or 0, node.max_length

    def decode(value: Any, faults: Faults) -> Any:
        if not isinstance(value, list | tuple | set | frozenset):
            return refuse(faults, f"{kind}_type", f"Input should be a valid {noun}", REDACTED if redact else value)
        values: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        if longest is not None and len(values) > longest:
            return _refuse_size(faults, "long", title, longest, len(values), redact(values) if redact else value)
        start = len(faults)
        items = [_under(index, item, one, faults) for index, one in enumerate(values)]
        if len(faults) > start:
            return FAILED
        found = make(items)
        if len(found) < shortest:
            return _refuse_size(faults, "short", title, shortest, len(found), redact(values) if redact else value)
        return found

    return Plan(decode, redact, item.exact)


def _under(key: str | int, plan: Plan, value: Any, faults: Faults) -> Any:
    start = len(faults)
    if start >= MOST_FAULTS:
        return None
    found = plan.decode(value, faults)
    if len(faults) > start:
        place(faults, start, key)
        return None
    return found


def _redact_items(item: Plan, value: Any) -> Any:
    return [redacted(item, one) for one in value] if isinstance(value, list) else REDACTED  # pyright: ignore[reportUnknownVariableType]


def _refuse_size(faults: Faults, kind: str, title: str, limit: int, actual: int, value: Any) -> Any:
    words, key = ("at least", "min_length") if kind == "short" else ("at most", "max_length")
    items = "item" if limit == 1 else "items"
    message = f"{title} should have {words} {limit} {items} after validation, not {actual}"
    return refuse(faults, f"too_{kind}", message, value, field_type=title, **{key: limit}, actual_length=actual)


def fixed_tuple(items: list[Plan]) -> Plan:
    def decode(value: Any, faults: Faults) -> Any:
        if not isinstance(value, list | tuple):
            return refuse(faults, "tuple_type", "Input should be a valid tuple", value)
        values: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        if len(values) > len(items):
            return _refuse_size(faults, "long", "Tuple", len(items), len(values), value)
        start = len(faults)
        found = tuple(_under(index, plan, one, faults) for index, (plan, one) in enumerate(zip(items, values)))  # noqa: B905
        for index in range(len(values), len(items)):
            refuse_at(faults, index, "missing", "Field required", value)
        return FAILED if len(faults) > start else found

    return Plan(decode, exact=all(item.exact for item in items))


def mapping(node: inspect.DictType, key: Plan, item: Plan) -> Plan:
    shortest, longest = node.min_length or 0, node.max_length
    redact = partial(_redact_values, item) if item.redact else None

    def decode(value: Any, faults: Faults) -> Any:
        if not isinstance(value, dict):
            return refuse(faults, "dict_type", "Input should be a valid dictionary", REDACTED if redact else value)
        pairs: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
        if longest is not None and len(pairs) > longest:
            shown = redact(pairs) if redact else pairs
            return _refuse_size(faults, "long", "Dictionary", longest, len(pairs), shown)
        start = len(faults)
        found = {_key(key, name, faults): _under(str(name), item, one, faults) for name, one in pairs.items()}
        if len(faults) > start:
            return FAILED
        if len(found) < shortest:
            return _refuse_size(faults, "short", "Dictionary", shortest, len(found), redact(pairs) if redact else pairs)
        return found

    return Plan(decode, redact, key.exact and item.exact)


def _key(plan: Plan, name: Any, faults: Faults) -> Any:
    start = len(faults)
    found = plan.decode(name, faults)
    if len(faults) > start:
        place(faults, start, "[key]")
        place(faults, start, str(name))
    return found


def _redact_values(item: Plan, value: Any) -> Any:
    return {key: redacted(item, one) for key, one in value.items()} if isinstance(value, dict) else REDACTED  # pyright: ignore[reportUnknownVariableType]


def anything() -> Plan:
    def decode(value: Any, faults: Faults) -> Any:
        if isinstance(value, int | float) or value is None:
            return value
        if (fault := _unstorable(value)) is not None:
            return fault(faults)
        return value

    return Plan(decode, exact=False)


def _unstorable(value: Any) -> Callable[[Faults], Any] | None:
    """A NUL anywhere in the value, or too many levels: Postgres takes neither."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        if any("\0" in one for one in level if isinstance(one, str)):
            return lambda faults: refuse_nul(faults, value)
        level = [child for one in level for child in _children(one)]
        if not level:
            return None
    return lambda faults: refuse(faults, "value_error", "Value error, nested too deeply", None, error={})


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return value if isinstance(value, list | tuple) else ()  # pyright: ignore[reportUnknownVariableType]
