"""JSON Schema (2020-12, as OpenAPI 3.1 has it) for the types of requests and responses.

msgspec can write schemas too; ours say what our decoder and our answers do: every time has the format date-time, a
union's tag is a `const`, a field that is always answered is `required` in answers though it has a default.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from inspect import cleandoc
from types import UnionType
from typing import Any, cast, get_args, get_origin

import msgspec
from litestar.datastructures import UploadFile
from msgspec import inspect

Schema = dict[str, Any]

SMALLEST_INT4 = -(2**31)
REFERENCE = "#/components/schemas/"
_BOUNDS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
}
_WORDS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


class Schemas:
    """Writes schemas, and collects those of structs and enums as components.

    `inputs` are the types that clients send, wherever they stand; only the others can promise their defaults.
    """

    def __init__(self, inputs: Iterable[Any]) -> None:
        self.components: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}
        self._sent = sent_structs(inspect.type_info(one) for one in inputs)

    def of(self, declared: Any) -> Schema:
        """Answers may be one of several structs, which msgspec does not know how to tell apart in requests."""
        members: tuple[Any, ...] = get_args(declared)
        if get_origin(declared) is UnionType and all(_is_struct(member) for member in members):
            return {"anyOf": [self.of(member) for member in members]}
        return self.of_node(inspect.type_info(declared))

    def of_node(self, node: inspect.Type) -> Schema:
        write = _WRITERS.get(type(node))
        return write(self, node) if write else {}

    def reference(self, cls: Any, write: Callable[[], Schema]) -> Schema:
        if cls not in self._names:
            name = self._free_name(cls)
            self._names[cls] = name
            self.components[name] = {}  # taken, for a type that contains itself
            self.components[name] = write()
        return {"$ref": REFERENCE + self._names[cls]}

    def _free_name(self, cls: Any) -> str:
        """The class name; with its noun in front where another noun has the name already."""
        name = component_name(cls)
        if name not in self.components:
            return name
        noun = (get_origin(cls) or cls).__module__.split(".")[-2]
        return "".join(part.capitalize() for part in noun.split("_")) + name

    def struct(self, node: inspect.StructType, tag_required: bool = False) -> Schema:
        return self.reference(node.cls, lambda: self._struct(node, tag_required))

    def _struct(self, node: inspect.StructType, tag_required: bool) -> Schema:
        is_sent = node.cls in self._sent
        required = [field.encode_name for field in node.fields if _is_required(field, node, is_sent)]
        properties = {field.encode_name: self._field(field, node) for field in node.fields}
        if node.tag_field:
            properties = {node.tag_field: _constant(node.tag) | {"default": node.tag}, **properties}
            required = [node.tag_field, *required] if tag_required or not is_sent else required
        schema = _described(node.cls) | {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        return schema | ({"additionalProperties": False} if node.forbid_unknown_fields else {})

    def _field(self, field: inspect.Field, node: inspect.StructType) -> Schema:
        schema = self.of_node(field.type)
        default: Any = [] if field.default_factory in (list, set) else field.default
        if default is msgspec.NODEFAULT or isinstance(default, msgspec.Struct):
            return schema
        # a bare null is what an absent nullable field is anyway, and generated clients stumble over it
        return schema if default is None else schema | {"default": msgspec.to_builtins(default)}

    def union(self, node: inspect.UnionType) -> Schema:
        nullable = any(isinstance(one, inspect.NoneType) for one in node.types)
        members = [one for one in node.types if not isinstance(one, inspect.NoneType)]
        if len(members) == 1:
            schema = self.of_node(members[0])
        elif all(isinstance(one, inspect.StructType) for one in members):
            schema = self._tagged([one for one in members if isinstance(one, inspect.StructType)])
        else:
            schema = {"anyOf": [self.of_node(one) for one in members]}
        return _or_null(schema) if nullable else schema

    def _tagged(self, members: list[inspect.StructType]) -> Schema:
        references = {str(one.tag): self.struct(one, tag_required=True)["$ref"] for one in members}
        discriminator = {"propertyName": members[0].tag_field, "mapping": references}
        return {"oneOf": [{"$ref": one} for one in references.values()], "discriminator": discriminator}

    def with_metadata(self, node: inspect.Metadata) -> Schema:
        said: Schema = cast("Any", node.extra_json_schema) or {}  # pyright: ignore[reportUnknownMemberType]
        extra: dict[str, Any] = cast("Any", node.extra) or {}  # pyright: ignore[reportUnknownMemberType]
        return self.of_node(node.type) | said | ({"writeOnly": True} if extra.get("secret") else {})


def component_name(cls: Any) -> str:
    """`Listing[Job]` becomes `ListingJob`."""
    arguments = "".join(component_name(one) for one in get_args(cls))
    return (get_origin(cls) or cls).__name__ + arguments


def sent_structs(nodes: Iterable[inspect.Type]) -> set[Any]:
    """The struct types in and under the given ones."""
    found: set[Any] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, inspect.StructType):
            if node.cls in found:
                continue
            found.add(node.cls)
        waiting.extend(_parts(node))
    return found


def _parts(node: inspect.Type) -> list[inspect.Type]:
    if isinstance(node, inspect.StructType):
        return [field.type for field in node.fields]
    names = ("type", "item_type", "key_type", "value_type")
    single = [part for name in names if isinstance(part := getattr(node, name, None), inspect.Type)]
    return [*single, *getattr(node, "types", ()), *getattr(node, "item_types", ())]


def _is_required(field: inspect.Field, node: inspect.StructType, is_sent: bool) -> bool:
    if is_sent or field.required:
        return field.required
    cls: Any = get_origin(node.cls) or node.cls
    is_unset = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
    return not is_unset and not cls.__struct_config__.omit_defaults


def _described(cls: Any) -> Schema:
    # read off the class itself: an inherited text describes something else
    written: str | None = (get_origin(cls) or cls).__dict__.get("__doc__")
    return {"description": cleandoc(written)} if written else {}


def _is_struct(declared: Any) -> bool:
    return isinstance(declared, type) and issubclass(declared, msgspec.Struct)


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [*(schema["anyOf"] if list(schema) == ["anyOf"] else [schema]), {"type": "null"}]}


def _constant(value: Any) -> Schema:
    return {"type": _WORDS[type(value)], "const": value}


def _listed(values: list[Any]) -> Schema:
    kinds = {_WORDS[type(value)] for value in values}
    return ({"type": kinds.pop()} if len(kinds) == 1 else {}) | {"enum": values}


def _bounded(schema: Schema, node: Any) -> Schema:
    bounds = {word: getattr(node, name, None) for name, word in _BOUNDS.items()}
    if bounds["minimum"] is not None and bounds["minimum"] <= SMALLEST_INT4:
        del bounds["minimum"]  # what a column holds says nothing about what is meant
    return schema | {word: value for word, value in bounds.items() if value is not None}


def _sized(schema: Schema, node: Any, noun: str) -> Schema:
    sizes = {f"min{noun}": node.min_length, f"max{noun}": node.max_length}
    return schema | {word: value for word, value in sizes.items() if value is not None}


def _array(schemas: Schemas, node: inspect.CollectionType) -> Schema:
    return _sized({"type": "array", "items": schemas.of_node(node.item_type)}, node, "Items")


def _unique_array(schemas: Schemas, node: inspect.CollectionType) -> Schema:
    return _array(schemas, node) | {"uniqueItems": True}


def _fixed_array(schemas: Schemas, node: inspect.TupleType) -> Schema:
    size = len(node.item_types)
    items = [schemas.of_node(item) for item in node.item_types]
    return {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}


def _mapping(schemas: Schemas, node: inspect.DictType) -> Schema:
    return _sized(
        {"type": "object", "additionalProperties": schemas.of_node(node.value_type) or True}, node, "Properties"
    )


def _enum(schemas: Schemas, node: inspect.EnumType) -> Schema:
    cls: type[Enum] = node.cls
    return schemas.reference(cls, lambda: _described(cls) | _listed([member.value for member in cls]))


def _literal(_: Schemas, node: inspect.LiteralType) -> Schema:
    return _constant(node.values[0]) if len(node.values) == 1 else _listed(list(node.values))


def _custom(_: Schemas, node: inspect.CustomType) -> Schema:
    return {"type": "string", "format": "binary"} if node.cls is UploadFile else {}


_WRITERS: dict[type[inspect.Type], Callable[[Schemas, Any], Schema]] = {
    inspect.NoneType: lambda _, __: {"type": "null"},
    inspect.BoolType: lambda _, __: {"type": "boolean"},
    inspect.IntType: lambda _, node: _bounded({"type": "integer"}, node),
    inspect.FloatType: lambda _, node: _bounded({"type": "number"}, node),
    inspect.StrType: lambda _, node: _sized(_bounded({"type": "string"}, node), node, "Length"),
    inspect.UUIDType: lambda _, __: {"type": "string", "format": "uuid"},
    inspect.DateTimeType: lambda _, __: {"type": "string", "format": "date-time"},
    inspect.DateType: lambda _, __: {"type": "string", "format": "date"},
    inspect.BytesType: lambda _, __: {"type": "string", "contentEncoding": "base64"},
    inspect.EnumType: _enum,
    inspect.LiteralType: _literal,
    inspect.ListType: _array,
    inspect.VarTupleType: _array,
    inspect.SetType: _unique_array,
    inspect.FrozenSetType: _unique_array,
    inspect.TupleType: _fixed_array,
    inspect.DictType: _mapping,
    inspect.StructType: Schemas.struct,
    inspect.UnionType: Schemas.union,
    inspect.Metadata: Schemas.with_metadata,
    inspect.CustomType: _custom,
}
