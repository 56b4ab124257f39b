"""Rows into structs, column by column: cheaper than converting a row as a whole, and as strict.

Every value is looked at: one whose type is the field's goes through as it is, JSON (which comes as `msgspec.Raw`) is
decoded straight into what the field is declared as, and anything else msgspec converts, or refuses.
"""

import datetime as dt
import inspect
from collections.abc import Callable, Sequence
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin
from uuid import UUID

import msgspec
from asyncpg.pgproto import pgproto

Row = TypeVar("Row")

# what asyncpg gives for a column, by the type of the field that takes it unchanged
_UNCHANGED: dict[Any, tuple[type, ...]] = {
    UUID: (UUID, pgproto.UUID),
    **{kind: (kind,) for kind in (str, int, float, bool, bytes, dt.datetime, NoneType, msgspec.Raw)},
}


class RowReader(Generic[Row]):
    """Makes structs of one kind out of rows with these columns, in any order; other columns are left out."""

    def __init__(self, kind: type[Row], columns: Sequence[str]) -> None:
        self._kind: Any = kind
        types = {field.name: field.type for field in msgspec.structs.fields(self._kind)}
        self._fields = [_Field(name, types[name]) if name in types else None for name in columns]
        self._in_order = tuple(columns) == _positional(kind)

    def read(self, values: Sequence[Any]) -> Row:
        """Raises msgspec.ValidationError for a value that its field does not take."""
        if self._in_order:
            fields = cast("list[_Field]", self._fields)
            return self._kind(*[field.read(value) for field, value in zip(fields, values, strict=True)])
        pairs = zip(self._fields, values, strict=True)
        return self._kind(**{field.name: field.read(value) for field, value in pairs if field is not None})


@lru_cache(1024)
def reader_for(kind: type[Row], columns: tuple[str, ...]) -> RowReader[Row]:
    return RowReader(kind, columns)


class _Field:
    __slots__ = ("_decode", "_kind", "_members", "_unchanged", "name")

    def __init__(self, name: str, kind: Any) -> None:
        self.name = name
        self._kind = kind
        alternatives = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
        self._unchanged = frozenset(known for one in alternatives for known in _UNCHANGED.get(one, ()))
        self._members = {member.value: member for one in alternatives if _is_enum(one) for member in one}
        self._decode: Callable[[msgspec.Raw], Any] = msgspec.json.Decoder[Any](kind, strict=False).decode

    def read(self, value: Any) -> Any:
        kind = cast("type[object]", type(value))
        if kind in self._unchanged:
            return value
        if kind is msgspec.Raw:  # a json or jsonb column
            return self._decode(value)
        if kind is str and value in self._members:
            return self._members[value]
        return msgspec.convert(value, self._kind, strict=False)


def _positional(kind: Any) -> tuple[str, ...]:
    parameters = inspect.signature(kind).parameters.values()
    return tuple(one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)
