"""Objects with declared fields, and the unions that a tag tells apart."""

from collections.abc import Mapping
from typing import Any, get_origin

from msgspec import UNSET, Struct, UnsetType, inspect

from touchstone.http.decoding.choices import literal
from touchstone.http.decoding.faults import (
    FAILED,
    MOST_FAULTS,
    REDACTED,
    BranchTag,
    Faults,
    Plan,
    place,
    redacted,
    refuse,
    refuse_at,
    refuse_for,
)

NO_OBJECT = "Input should be a valid dictionary or object to extract fields from"


class StructPlan:
    """Decodes one struct. Its fields are given after it is made, so that a struct may contain itself."""

    def __init__(self, node: inspect.StructType) -> None:
        self.cls: type[Struct] = get_origin(node.cls) or node.cls
        self.closed = node.forbid_unknown_fields
        self.tag_field = node.tag_field
        self.tag = literal((node.tag,)) if node.tag_field else None
        self.fields: list[tuple[inspect.Field, Plan]] = []
        self.known: frozenset[str] = frozenset()
        self.hides = False

    def complete(self, fields: list[tuple[inspect.Field, Plan]]) -> Plan:
        self.fields = fields
        self.known = frozenset(
            [field.encode_name for field, _ in fields] + ([self.tag_field] if self.tag_field else [])
        )
        self.hides = any(plan.redact for _, plan in fields)
        exact = all(plan.exact for _, plan in fields)
        return Plan(self.decode, self.redact if self.hides else None, exact)

    def decode(self, value: Any, faults: Faults) -> Any:
        if isinstance(value, self.cls):
            return value
        if not isinstance(value, Mapping):
            return refuse(faults, "model_attributes_type", NO_OBJECT, REDACTED if self.hides else value)
        given: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        start = len(faults)
        self._check_tag(given, faults)
        found = {field.name: self._field(field, plan, given, faults) for field, plan in self.fields}
        self._check_extras(given, faults)
        return FAILED if len(faults) > start else self._make(found, given, faults)

    def _field(self, field: inspect.Field, plan: Plan, given: Mapping[str, Any], faults: Faults) -> Any:
        if field.encode_name not in given:
            absent = UNSET
            if field.required:
                absent = refuse_at(faults, field.encode_name, "missing", "Field required", self.redact(given))
            return absent
        start = len(faults)
        found = plan.decode(given[field.encode_name], faults)
        if len(faults) > start:
            place(faults, start, field.encode_name)
        return found

    def _make(self, found: dict[str, Any], given: Mapping[str, Any], faults: Faults) -> Any:
        # an absent field is left to the struct's own default, which may be UNSET too
        try:
            return self.cls(**{name: value for name, value in found.items() if value is not UNSET})
        except ValueError as error:
            return refuse_for(faults, error, self.redact(given))

    def _check_tag(self, given: Mapping[str, Any], faults: Faults) -> None:
        if self.tag is None or self.tag_field is None or self.tag_field not in given:
            return
        start = len(faults)
        self.tag.decode(given[self.tag_field], faults)
        place(faults, start, self.tag_field)

    def _check_extras(self, given: Mapping[str, Any], faults: Faults) -> None:
        if not self.closed:
            return
        for name, value in given.items():
            if name not in self.known and len(faults) < MOST_FAULTS:
                shown = REDACTED if self.hides else value
                refuse_at(faults, name, "extra_forbidden", "Extra inputs are not permitted", shown)

    def redact(self, value: Any) -> Any:
        """Shows the fields that hold no secret. An unknown field may be a misspelt secret, so it is hidden too."""
        if not self.hides:
            return value
        if not isinstance(value, Mapping):
            return REDACTED
        given: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        plans = {field.encode_name: plan for field, plan in self.fields}
        return {name: redacted(plans[name], one) if name in plans else REDACTED for name, one in given.items()}


def tagged_union(branches: dict[str | int, Plan], tag_field: str) -> Plan:
    expected = ", ".join(repr(tag) for tag in branches)
    hides = any(plan.redact for plan in branches.values())

    def redact(value: Any) -> Any:
        given: dict[str, Any] = value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]
        tag = given.get(tag_field)
        branch = branches.get(tag) if isinstance(tag, str | int) else None
        return redacted(branch, value) if branch else REDACTED

    def decode(value: Any, faults: Faults) -> Any:
        if isinstance(value, Struct):
            return value
        if not isinstance(value, dict):
            return refuse(faults, "model_attributes_type", NO_OBJECT, REDACTED if hides else value)
        given: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        if tag_field not in given:
            words = f"Unable to extract tag using discriminator '{tag_field}'"
            shown = redact(given) if hides else given
            return refuse(faults, "union_tag_not_found", words, shown, discriminator=f"'{tag_field}'")
        tag = given[tag_field]
        if not isinstance(tag, str | int) or tag not in branches:
            return _refuse_tag(faults, tag_field, tag, expected, redact(given) if hides else given)
        start = len(faults)
        found = branches[tag].decode(given, faults)
        place(faults, start, BranchTag(tag))
        return found

    return Plan(decode, redact if hides else None, all(plan.exact for plan in branches.values()))


def _refuse_tag(faults: Faults, tag_field: str, tag: Any, expected: str, value: Any) -> Any:
    words = f"Input tag '{tag}' found using '{tag_field}' does not match any of the expected tags: {expected}"
    ctx = {"discriminator": f"'{tag_field}'", "tag": str(tag), "expected_tags": expected}
    return refuse(faults, "union_tag_invalid", words, value, **ctx)


def is_unset(node: inspect.Type) -> bool:
    return isinstance(node, inspect.CustomType) and node.cls is UnsetType
