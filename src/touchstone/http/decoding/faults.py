"""What may be wrong with a value, and how it is written down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

from touchstone.errors import Invalid

REDACTED: Final = "<REDACTED>"
MOST_FAULTS: Final = 200
"""A request with more faults than this is not looked at further."""

Loc = tuple[str | int, ...]


class BranchTag(str):
    """A part of `loc` that names the branch of a union; there is no such key in what was sent."""

    __slots__ = ()


class FaultItem(TypedDict):
    """One fault: `loc` is the path from `body`, `query`, `path`, `header` or `cookie` to the value."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any
    ctx: NotRequired[dict[str, Any]]


class InvalidRequest(Invalid):
    """The request does not have the expected form."""

    def __init__(self, errors: list[FaultItem]) -> None:
        super().__init__()
        self.errors = errors


class Fault(ValueError):
    """Raised by a check that wants its own `type` and words instead of `value_error`."""

    def __init__(self, kind: str, msg: str, **ctx: Any) -> None:
        super().__init__(msg)
        self.kind, self.msg, self.ctx = kind, msg, ctx


class Failed:
    """What a plan gives back when it could not decode."""


FAILED: Final = Failed()

Faults = list[FaultItem]
"""While plans run, every `loc` is written from the value outwards: each level appends its own key."""

Decode = Callable[[Any, Faults], Any]
Redact = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one type is decoded.

    `redact` says what a fault may show of the value, where it can hold a secret. `exact` promises that msgspec's
    strict decoder, whenever it accepts a value, gives what `decode` gives.
    """

    decode: Decode
    redact: Redact | None = None
    exact: bool = True


def refuse(faults: Faults, kind: str, msg: str, value: Any, **ctx: Any) -> Failed:
    faults.append(fault_item(kind, (), msg, value, **ctx))
    return FAILED


def refuse_at(faults: Faults, key: str | int, kind: str, msg: str, value: Any) -> Failed:
    faults.append(fault_item(kind, (key,), msg, value))
    return FAILED


def refuse_for(faults: Faults, error: ValueError, value: Any) -> Failed:
    """The fault that a check or a `__post_init__` raised."""
    if isinstance(error, Fault):
        return refuse(faults, error.kind, error.msg, value, **error.ctx)
    return refuse(faults, "value_error", f"Value error, {error}", value, error={})


def place(faults: Faults, start: int, key: str | int) -> None:
    """Say of the faults since `start` that they lie under `key`."""
    for item in faults[start:]:
        item["loc"].append(key)


def fault_item(kind: str, loc: Loc, msg: str, value: Any, **ctx: Any) -> FaultItem:
    """A finished fault item, for faults that are found elsewhere than in a plan."""
    item: FaultItem = {"type": kind, "loc": list(loc), "msg": msg, "input": value}
    if ctx:
        item["ctx"] = ctx
    return item


def missing(loc: Loc, value: Any = None) -> FaultItem:
    return fault_item("missing", loc, "Field required", value)


def redacted(plan: Plan, value: Any) -> Any:
    return plan.redact(value) if plan.redact else value
