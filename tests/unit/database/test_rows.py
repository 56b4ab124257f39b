"""Rows as the driver gives them become structs."""

import datetime as dt
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID, uuid4

import msgspec
import pytest
from asyncpg.pgproto import pgproto

from touchstone.database.rows import reader_for

NOW = dt.datetime(2026, 11, 22, 5, 0, tzinfo=dt.UTC)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(msgspec.Struct):
    width: int
    height: float = 1.0


class Thing(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    colour: Colour
    size: Size | None
    tags: list[str]
    extra: dict[str, Any]
    made_at: dt.datetime | None
    shape: Literal["round", "flat"] | None
    raw: msgspec.Raw
    is_old: bool = False


class Named(msgspec.Struct, kw_only=True):
    name: str
    count: int = 7


ROW: dict[str, Any] = {
    "id": pgproto.UUID("12345678-1234-5678-1234-567812345678"),
    "name": "a thing",
    "colour": "blue",
    "size": msgspec.Raw(b'{"width": 3, "height": 2}'),
    "tags": ["one", "two"],
    "extra": msgspec.Raw(b'{"a": [1, null]}'),
    "made_at": NOW,
    "shape": "round",
    "raw": msgspec.Raw(b'{"as": "it is"}'),
    "is_old": True,
}


def read(kind: Any, row: dict[str, Any]) -> Any:
    return reader_for(kind, tuple(row)).read(tuple(row.values()))


def test_each_column_becomes_what_its_field_is_declared_as():
    thing = read(Thing, ROW)
    assert thing == Thing(
        id=UUID("12345678-1234-5678-1234-567812345678"),
        name="a thing",
        colour=Colour.BLUE,
        size=Size(3, 2.0),
        tags=["one", "two"],
        extra={"a": [1, None]},
        made_at=NOW,
        shape="round",
        raw=thing.raw,
        is_old=True,
    )
    assert isinstance(thing.colour, Colour)
    assert bytes(thing.raw) == b'{"as": "it is"}'


def test_columns_may_come_in_any_order_and_there_may_be_more_of_them():
    turned = dict(reversed([*ROW.items(), ("more", 1)]))
    assert read(Thing, turned).name == "a thing"


def test_a_column_that_is_not_there_gets_its_default():
    without = {name: value for name, value in ROW.items() if name != "is_old"}
    assert read(Thing, without).is_old is False


def test_structs_that_take_keywords_only_are_read_too():
    assert read(Named, {"name": "n", "count": 3}) == Named(name="n", count=3)
    assert read(Named, {"name": "n"}) == Named(name="n")


@pytest.mark.parametrize("absent", ["size", "made_at", "shape"])
def test_null_is_none_where_the_field_takes_it(absent):
    assert getattr(read(Thing, {**ROW, absent: None}), absent) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("name", 3.5),
        ("colour", "green"),
        ("shape", "square"),
        ("size", msgspec.Raw(b'{"height": 2}')),
        ("made_at", "yesterday"),
    ],
)
def test_a_value_that_its_field_does_not_take_is_refused(field, value):
    with pytest.raises(msgspec.ValidationError):
        read(Thing, {**ROW, field: value})


def test_values_that_only_differ_in_kind_are_converted():
    assert read(Named, {"name": "n", "count": "12"}).count == 12
    assert read(Thing, {**ROW, "id": str(uuid4())}).id.version == 4
