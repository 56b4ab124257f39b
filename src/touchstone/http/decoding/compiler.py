"""A plan for each type, compiled once."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

from litestar.datastructures import UploadFile
from msgspec import UnsetType, inspect

from touchstone.http.decoding import choices, containers, identifiers, scalars, structs, times
from touchstone.http.decoding.faults import (
    FAILED,
    MOST_FAULTS,
    REDACTED,
    BranchTag,
    Decode,
    FaultItem,
    Faults,
    InvalidRequest,
    Loc,
    Plan,
    refuse,
    refuse_for,
)

_struct_plans: dict[Any, Plan] = {}


def plan_for(node: inspect.Type) -> Plan:
    if (make := _PLANS.get(type(node))) is None:
        raise TypeError(f"a request cannot be decoded into {node}")
    return make(node)


def _struct(node: inspect.StructType) -> Plan:
    if node.cls in _struct_plans:
        return _struct_plans[node.cls]
    plan = structs.StructPlan(node)
    # for a field that leads back here; such a type is not exact, as its depth has no bound
    _struct_plans[node.cls] = Plan(plan.decode, exact=False)
    _struct_plans[node.cls] = plan.complete([(field, plan_for(field.type)) for field in node.fields])
    return _struct_plans[node.cls]


def _union(node: inspect.UnionType) -> Plan:
    types = [one for one in node.types if not isinstance(one, inspect.NoneType) and not structs.is_unset(one)]
    nullable = any(isinstance(one, inspect.NoneType) for one in node.types)
    plan = plan_for(types[0]) if len(types) == 1 else _alternatives(types)
    return Plan(_or_none(plan.decode), plan.redact, plan.exact) if nullable else plan


def _or_none(inner: Decode) -> Decode:
    return lambda value, faults: None if value is None else inner(value, faults)


def _alternatives(types: list[inspect.Type]) -> Plan:
    tagged = [one for one in types if isinstance(one, inspect.StructType) and one.tag_field]
    if len(tagged) == len(types):
        branches = {cast(str | int, one.tag): plan_for(one) for one in tagged}
        return structs.tagged_union(branches, cast(str, tagged[0].tag_field))
    return _first_that_fits([(_label(one), plan_for(one)) for one in types])


def _first_that_fits(members: list[tuple[str, Plan]]) -> Plan:
    """A value that already has the type of a member goes there first: 5 in `str | int` stays a number."""
    hides = any(plan.redact for _, plan in members)

    def decode(value: Any, faults: Faults) -> Any:
        found_faults: Faults = []
        own = [pair for pair in members if pair[0] == type(value).__name__]
        for label, plan in own + [pair for pair in members if pair not in own]:
            start = len(found_faults)
            found = plan.decode(value, found_faults)
            if len(found_faults) == start:
                return found
            for item in found_faults[start:]:
                item["loc"].append(BranchTag(label))
        faults.extend(found_faults)
        return FAILED

    return Plan(decode, (lambda _: REDACTED) if hides else None, exact=False)


def _label(node: inspect.Type) -> str:
    if isinstance(node, inspect.StructType | inspect.EnumType | inspect.CustomType):
        return node.cls.__name__
    if isinstance(node, inspect.Metadata):
        return _label(node.type)
    return type(node).__name__.removesuffix("Type").lower()


def _with_extra(plan: Plan, extra: dict[str, Any]) -> Plan:
    """`Meta(extra={"check": function})` converts or raises ValueError; `{"secret": True}` never shows the value."""
    if check := extra.get("check"):
        plan = Plan(_checked(plan.decode, check), plan.redact, exact=False)
    if extra.get("secret"):
        plan = Plan(_hidden(plan.decode), lambda _: REDACTED, plan.exact)
    return plan


def _checked(inner: Decode, check: Callable[[Any], Any]) -> Decode:
    def decode(value: Any, faults: Faults) -> Any:
        found = inner(value, faults)
        if found is FAILED:
            return found
        try:
            return check(found)
        except ValueError as error:
            return refuse_for(faults, error, value)

    return decode


def _hidden(inner: Decode) -> Decode:
    def decode(value: Any, faults: Faults) -> Any:
        start = len(faults)
        found = inner(value, faults)
        for item in faults[start:]:
            item["input"] = REDACTED
        return found

    return decode


def _custom(node: inspect.CustomType) -> Plan:
    if node.cls is UnsetType:
        return Plan(lambda value, faults: refuse(faults, "extra_forbidden", "Extra inputs are not permitted", value))
    if node.cls is not UploadFile:
        raise TypeError(f"a request cannot be decoded into {node.cls}")
    return Plan(_upload, exact=False)


def _upload(value: Any, faults: Faults) -> Any:
    if isinstance(value, UploadFile):
        return value
    words = f"Value error, Expected UploadFile, received: {type(value)}"
    return refuse(faults, "value_error", words, value, error={})


_PLANS: dict[type[inspect.Type], Callable[[Any], Plan]] = {
    inspect.AnyType: lambda _: containers.anything(),
    inspect.NoneType: lambda _: scalars.nothing(),
    inspect.BoolType: lambda _: scalars.boolean(),
    inspect.IntType: scalars.integer,
    inspect.FloatType: scalars.number,
    inspect.StrType: scalars.text,
    inspect.UUIDType: lambda _: identifiers.uuid(),
    inspect.DateTimeType: lambda _: times.instant(),
    inspect.DateType: lambda _: times.calendar_day(),
    inspect.EnumType: lambda node: choices.enum(node.cls),
    inspect.LiteralType: lambda node: choices.literal(node.values),
    inspect.ListType: lambda node: containers.collection(node, plan_for(node.item_type), list),
    inspect.SetType: lambda node: containers.collection(node, plan_for(node.item_type), set),
    inspect.FrozenSetType: lambda node: containers.collection(node, plan_for(node.item_type), frozenset),
    inspect.VarTupleType: lambda node: containers.collection(node, plan_for(node.item_type), tuple),
    inspect.TupleType: lambda node: containers.fixed_tuple([plan_for(item) for item in node.item_types]),
    inspect.DictType: lambda node: containers.mapping(node, plan_for(node.key_type), plan_for(node.value_type)),
    inspect.StructType: _struct,
    inspect.UnionType: _union,
    inspect.Metadata: lambda node: _with_extra(plan_for(node.type), node.extra or {}),
    inspect.CustomType: _custom,
}


class Decoder:
    """Decodes values into one type."""

    def __init__(self, target: Any) -> None:
        self.target = target
        self.node = inspect.type_info(target)
        self.plan = plan_for(self.node)

    def decode(self, value: Any, loc: Loc, errors: list[FaultItem]) -> Any:
        """The value, or FAILED with the faults added to `errors`."""
        faults: Faults = []
        found = self.plan.decode(value, faults)
        if not faults:
            return found
        for item in faults:
            item["loc"] = [*loc, *reversed(item["loc"])]
        errors.extend(faults[:MOST_FAULTS])
        return FAILED


@lru_cache(maxsize=1024)
def decoder_for(target: Any) -> Decoder:
    return Decoder(target)


Target = TypeVar("Target")


def decode(target: type[Target], value: Any, loc: Loc = ("body",)) -> Target:
    """`value` as a `target`. Raises InvalidRequest with all faults."""
    errors: list[FaultItem] = []
    found = decoder_for(target).decode(value, loc, errors)
    if errors:
        raise InvalidRequest(errors)
    return found


def takes_several(node: inspect.Type) -> bool:
    """Whether the type is a collection, which a query or a form gives by repeating the key."""
    if isinstance(node, inspect.Metadata):
        return takes_several(node.type)
    if isinstance(node, inspect.UnionType):
        return any(takes_several(one) for one in node.types)
    return isinstance(node, inspect.CollectionType | inspect.TupleType)
