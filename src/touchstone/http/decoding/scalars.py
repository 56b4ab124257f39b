"""Numbers, truth values and texts."""

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from msgspec import inspect

from touchstone.http.decoding.faults import Decode, Faults, Plan, refuse

TRUE = frozenset({"1", "t", "y", "true", "yes", "on"})
FALSE = frozenset({"0", "f", "n", "false", "no", "off"})
SMALLEST_INT8, LARGEST_INT8 = -(2**63), 2**63 - 1
_WHOLE = re.compile(r"\s*[+-]?\d+(_\d+)*(\.0+)?\s*", re.ASCII)


def integer(node: inspect.IntType) -> Plan:
    low, high = node.ge is not None, node.le is not None
    limits = _limits(node.le if high else LARGEST_INT8, node.lt, node.ge if low else SMALLEST_INT8, node.gt)
    return Plan(_with_number_rules(_integer, limits, node.multiple_of))


def _integer(value: Any, faults: Faults) -> Any:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _integer_from_float(value, faults)
    if not isinstance(value, str):
        return refuse(faults, "int_type", "Input should be a valid integer", value)
    if not _WHOLE.fullmatch(value) or len(value) > 4000:
        return refuse(
            faults, "int_parsing", "Input should be a valid integer, unable to parse string as an integer", value
        )
    return int(value.split(".", 1)[0].strip())


def _integer_from_float(value: float, faults: Faults) -> Any:
    if not math.isfinite(value):
        return refuse(faults, "finite_number", "Input should be a finite number", str(value))
    if value.is_integer():
        return int(value)
    return refuse(
        faults, "int_from_float", "Input should be a valid integer, got a number with a fractional part", value
    )


def number(node: inspect.FloatType) -> Plan:
    return Plan(_with_number_rules(_number, _limits(node.le, node.lt, node.ge, node.gt), node.multiple_of))


def _number(value: Any, faults: Faults) -> Any:
    if not isinstance(value, int | float | str):
        return refuse(faults, "float_type", "Input should be a valid number", value)
    try:
        found = float(value)
    except ValueError:
        return refuse(
            faults, "float_parsing", "Input should be a valid number, unable to parse string as a number", value
        )
    except OverflowError:
        return refuse(faults, "float_type", "Input should be a valid number", value)
    # neither JSON nor the aggregates over such a column have a place for these
    if not math.isfinite(found):
        return refuse(faults, "finite_number", "Input should be a finite number", str(value))
    return found


Limit = tuple[str, str, str, int | float]


def _limits(
    le: int | float | None, lt: int | float | None, ge: int | float | None, gt: int | float | None
) -> list[Limit]:
    found = [
        ("less_than_equal", "less than or equal to", "le", le),
        ("less_than", "less than", "lt", lt),
        ("greater_than_equal", "greater than or equal to", "ge", ge),
        ("greater_than", "greater than", "gt", gt),
    ]
    return [(kind, words, key, limit) for kind, words, key, limit in found if limit is not None]


_KEEPS: dict[str, Callable[[Any, Any], bool]] = {
    "le": operator.le,
    "lt": operator.lt,
    "ge": operator.ge,
    "gt": operator.gt,
}


def _with_number_rules(inner: Decode, limits: list[Limit], multiple_of: int | float | None) -> Decode:
    def decode(value: Any, faults: Faults) -> Any:
        found = inner(value, faults)
        if not isinstance(found, int | float):
            return found
        if multiple_of is not None and found % multiple_of:
            words = f"Input should be a multiple of {multiple_of}"
            return refuse(faults, "multiple_of", words, value, multiple_of=multiple_of)
        for kind, words, key, limit in limits:
            if not _KEEPS[key](found, limit):
                return refuse(faults, kind, f"Input should be {words} {limit}", value, **{key: limit})
        return found

    return decode


def boolean() -> Plan:
    return Plan(_boolean)


def _boolean(value: Any, faults: Faults) -> Any:
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else value
    if isinstance(word, str | int | float):
        if word in TRUE or word == 1:
            return True
        if word in FALSE or word == 0:
            return False
    if isinstance(value, str | int):
        return refuse(faults, "bool_parsing", "Input should be a valid boolean, unable to interpret input", value)
    return refuse(faults, "bool_type", "Input should be a valid boolean", value)


def text(node: inspect.StrType) -> Plan:
    shortest, longest = node.min_length or 0, node.max_length
    pattern = re.compile(node.pattern) if node.pattern else None

    def decode(value: Any, faults: Faults) -> Any:
        if not isinstance(value, str):
            return refuse(faults, "string_type", "Input should be a valid string", value)
        if "\0" in value:
            return refuse_nul(faults, value)
        if len(value) < shortest:
            return _refuse_length(faults, "short", "at least", shortest, value)
        if longest is not None and len(value) > longest:
            return _refuse_length(faults, "long", "at most", longest, value)
        if pattern and not pattern.search(value):
            words = f"String should match pattern '{pattern.pattern}'"
            return refuse(faults, "string_pattern_mismatch", words, value, pattern=pattern.pattern)
        return value

    return Plan(decode)


def refuse_nul(faults: Faults, value: str) -> Any:
    """Postgres has no NUL in a text, in jsonb neither."""
    return refuse(faults, "value_error", "Value error, NUL characters are not allowed", value, error={})


def _refuse_length(faults: Faults, kind: str, words: str, limit: int, value: str) -> Any:
    key = "min_length" if kind == "short" else "max_length"
    message = f"String should have {words} {limit} character{'' if limit == 1 else 's'}"
    return refuse(faults, f"string_too_{kind}", message, value, **{key: limit})


def nothing() -> Plan:
    def decode(value: Any, faults: Faults) -> Any:
        return None if value is None else refuse(faults, "none_required", "Input should be None", value)

    return Plan(decode)
