"""Where the values of one request come from: its path, query, headers, cookies, and its JSON or form body."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

from litestar._kwargs.parameter_definition import ParameterDefinition
from litestar.connection import Request
from litestar.enums import RequestEncodingType
from litestar.params import KwargDefinition
from litestar.types import Empty
from litestar.typing import FieldDefinition
from msgspec import Meta, inspect

from touchstone.http.decoding import (
    FaultItem,
    InvalidRequest,
    JsonDecoder,
    decoder_for,
    fault_item,
    missing,
    takes_several,
)

AnyRequest = Request[Any, Any, Any]

_QUERY = "touchstone.query"
_CONSTRAINTS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")


def declared_type(field: FieldDefinition) -> Any:
    """The field's type with the constraints that msgspec's Meta or Litestar's parameter says, in msgspec's form."""
    if get_origin(field.raw) is not Annotated:
        return field.raw
    declared, *metadata = get_args(field.raw)
    rules = [_constraints(one) if isinstance(one, KwargDefinition) else one for one in metadata]
    for rule in rules:
        if isinstance(rule, Meta):
            declared = _with_rule(declared, rule)
    return declared


def _with_rule(declared: Any, rule: Meta) -> Any:
    """A rule about a value that may be None is a rule about the value."""
    if get_origin(declared) not in (Union, UnionType):
        return Annotated[declared, rule]
    return Union[tuple(one if one is NoneType else Annotated[one, rule] for one in get_args(declared))]  # noqa: UP007


def _constraints(parameter: KwargDefinition) -> Meta | None:
    found = {name: value for name in _CONSTRAINTS if (value := getattr(parameter, name)) is not None}
    items = {"min_length": parameter.min_items, "max_length": parameter.max_items}
    found |= {name: value for name, value in items.items() if value is not None}
    return Meta(**found) if found else None


class ParameterReader:
    """One parameter outside the body."""

    def __init__(self, source: str, definition: ParameterDefinition, field: FieldDefinition) -> None:
        self.source, self.definition = source, definition
        self.description = getattr(field.kwarg_definition, "description", None)
        self.decoder = decoder_for(declared_type(field))
        self.several = takes_several(self.decoder.node)

    def read(self, request: AnyRequest, values: dict[str, Any], errors: list[FaultItem]) -> None:
        raw = self._raw(request)
        name = self.definition.field_name
        if raw is not None:
            values[name] = self.decoder.decode(raw, (self.source, self.definition.field_alias), errors)
        elif self.definition.is_required:
            errors.append(missing((self.source, self.definition.field_alias)))
        else:
            values[name] = None if self.definition.default is Empty else self.definition.default

    def _raw(self, request: AnyRequest) -> Any:
        """None when it is not there; the last one when it is there several times and one is meant."""
        alias = self.definition.field_alias
        if self.source == "path":
            return request.path_params.get(alias)
        if self.source == "cookie":
            return request.cookies.get(alias)
        found = query_values(request).get(alias) if self.source == "query" else request.headers.getall(alias, None)
        if not found:
            return None
        return list(found) if self.several else found[-1]


def query_values(request: AnyRequest) -> Mapping[str, Sequence[str]]:
    """The query's values by key, blank ones included; read once for a request."""
    scope: Any = request.scope
    if _QUERY not in scope:
        found: dict[str, list[str]] = {}
        for key, value in parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True):
            found.setdefault(key, []).append(value)
        scope[_QUERY] = found
    return scope[_QUERY]


class BodyReader(ABC):
    """The argument `data`."""

    def __init__(self, field: FieldDefinition) -> None:
        self.field = field
        self.decoder = decoder_for(declared_type(field))
        self.is_optional = field.has_default or field.is_optional

    @abstractmethod
    async def read(self, request: AnyRequest, values: dict[str, Any], errors: list[FaultItem]) -> None:
        """Decode the body into `values["data"]`."""

    def absent(self, values: dict[str, Any], errors: list[FaultItem]) -> None:
        if self.field.has_default:
            values["data"] = self.field.default
        elif self.field.is_optional:
            values["data"] = None
        else:
            errors.append(missing(("body",)))


class JsonReader(BodyReader):
    """A JSON body. One without a Content-Type counts as JSON: published clients send it so."""

    def __init__(self, field: FieldDefinition) -> None:
        super().__init__(field)
        self.json = JsonDecoder(self.decoder)

    @staticmethod
    def is_json(request: AnyRequest) -> bool:
        kind, _ = request.content_type
        return not kind or (kind.startswith("application/") and (kind.endswith(("/json", "+json"))))

    async def read(self, request: AnyRequest, values: dict[str, Any], errors: list[FaultItem]) -> None:
        raw = await request.body()
        if not raw or (raw.strip() == b"null" and self.is_json(request)):
            self.absent(values, errors)
        elif self.is_json(request):
            values["data"] = self.json.decode(raw, errors)
        else:
            values["data"] = self.decoder.decode(raw.decode(errors="replace"), ("body",), errors)


OTHER_BODIES = "other_bodies"
"""A handler's `opt`: media types beside JSON, each with a description, whose bodies the handler reads by itself."""


class JsonOrOtherReader(JsonReader):
    """A JSON body, or one of another media type, which is left to the handler: `data` is None then."""

    def __init__(self, field: FieldDefinition, others: Mapping[str, str]) -> None:
        super().__init__(field)
        self.others = others
        members = [one for one in get_args(declared_type(field)) if one is not NoneType]
        self.decoder = decoder_for(Union[tuple(members)])  # noqa: UP007
        self.json = JsonDecoder(self.decoder)
        self.is_optional = False

    async def read(self, request: AnyRequest, values: dict[str, Any], errors: list[FaultItem]) -> None:
        if request.content_type[0].lower() in self.others:
            values["data"] = None
        else:
            await super().read(request, values, errors)

    def absent(self, values: dict[str, Any], errors: list[FaultItem]) -> None:
        errors.append(missing(("body",)))


def _media_type(field: FieldDefinition) -> str:
    declared = getattr(field.kwarg_definition, "media_type", RequestEncodingType.MULTI_PART)
    return str(getattr(declared, "value", declared))


class FormReader(BodyReader):
    """A multipart or url-encoded form, its parts the fields of a struct."""

    def __init__(self, field: FieldDefinition) -> None:
        super().__init__(field)
        if not isinstance(self.decoder.node, inspect.StructType):
            raise TypeError(f"a form must be declared as a struct, not as {self.decoder.target}")
        self.media_type = _media_type(field)
        self.several = {one.encode_name: takes_several(one.type) for one in self.decoder.node.fields}

    async def read(self, request: AnyRequest, values: dict[str, Any], errors: list[FaultItem]) -> None:
        parts = await self._parts(request)
        found: list[FaultItem] = []
        values["data"] = self.decoder.decode(parts, ("body",), found)
        for item in found:
            if item["type"] == "missing" and len(item["loc"]) == 2:
                item["input"] = None  # the contract shows no form around a missing part
        errors.extend(found)

    async def _parts(self, request: AnyRequest) -> dict[str, Any]:
        """An empty text counts as absent."""
        try:
            form = await request.form()
        except (UnicodeDecodeError, LookupError) as error:
            words = "Value error, the form's text cannot be decoded"
            raise InvalidRequest([fault_item("value_error", ("body",), words, None, error={})]) from error
        parts: dict[str, Any] = {}
        for name, several in self.several.items():
            found = [one for one in form.getall(name, []) if not isinstance(one, str) or one]
            if found:
                parts[name] = found if several else found[-1]
        return parts
