"""Rows into structs, column by column: cheaper than converting a row as a whole, and as strict.

A value whose type is the field's goes through as it is, JSON (which comes as `msgspec.Raw`) is decoded straight into
what the field is declared as, and anything else msgspec converts, or refuses. Rows differ in which columns are null
and in little else, so what is to be done is found out once for each such pattern of types, not for each row.
"""

import datetime as dt
import inspect
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

import msgspec
from asyncpg.pgproto import pgproto

Row = TypeVar("Row")

# what asyncpg gives for a column, by the type of the field that takes it unchanged
_UNCHANGED: dict[Any, tuple[type, ...]] = {
    UUID: (UUID, pgproto.UUID),
    **{kind: (kind,) for kind in (str, int, float, bool, bytes, dt.datetime, NoneType, msgspec.Raw)},
}


Types = tuple[type[Any], ...]
Conversion = tuple[int, Callable[[Any], Any]]


class RowReader(Generic[Row]):
    """Makes structs of one kind out of rows with these columns, in any order; other columns are left out."""

    def __init__(self, kind: type[Row], columns: Sequence[str]) -> None:
        self._kind: Any = kind
        types = {field.name: field.type for field in msgspec.structs.fields(self._kind)}
        self._columns = columns
        self._fields = [_Field(types[name]) if name in types else None for name in columns]
        self._in_order = tuple(columns) == _positional(kind)
        self._conversions = lru_cache(256)(self._find_conversions)

    def read(self, row: Iterable[Any]) -> Row:
        """Raises msgspec.ValidationError for a value that its field does not take."""
        values = list(row)
        for place, convert in self._conversions(tuple(map(type, values))):
            values[place] = convert(values[place])
        if self._in_order:
            return self._kind(*values)
        named = zip(self._columns, self._fields, values, strict=True)
        return self._kind(**{name: value for name, field, value in named if field is not None})

    def _find_conversions(self, types: Types) -> tuple[Conversion, ...]:
        """Which columns need one, for rows whose values have these types."""
        found = enumerate(zip(self._fields, types, strict=True))
        pairs = ((place, field.conversion(kind)) for place, (field, kind) in found if field is not None)
        return tuple((place, convert) for place, convert in pairs if convert is not None)


@lru_cache(1024)
def reader_for(kind: type[Row], columns: tuple[str, ...]) -> RowReader[Row]:
    return RowReader(kind, columns)


class _Field:
    def __init__(self, kind: Any) -> None:
        self._kind = kind
        alternatives = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
        self._unchanged = frozenset(known for one in alternatives for known in _UNCHANGED.get(one, ()))
        self._members = {value: member for one in alternatives for value, member in _members_of(one)}
        self._decode: Callable[[Any], Any] = msgspec.json.Decoder[Any](kind, strict=False).decode

    def conversion(self, kind: type[Any]) -> Callable[[Any], Any] | None:
        """What makes the field's value of one of this type; None when nothing need be done."""
        if kind in self._unchanged:
            return None
        if kind is msgspec.Raw:  # a json or jsonb column
            return self._decode
        return self._member if kind is str and self._members else self._convert

    def _member(self, value: str) -> Any:
        return self._members[value] if value in self._members else self._convert(value)

    def _convert(self, value: Any) -> Any:
        return msgspec.convert(value, self._kind, strict=False)


def _members_of(kind: Any) -> list[tuple[Any, Any]]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [(member.value, member) for member in kind]
    return [(value, value) for value in get_args(kind)] if get_origin(kind) is Literal else []


def _positional(kind: Any) -> tuple[str, ...]:
    parameters = inspect.signature(kind).parameters.values()
    return tuple(one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD)
