"""Held against Pydantic, whose conversions and words both contracts were written with."""

from datetime import date, datetime
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pydantic
import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from touchstone.http.decoding import InvalidRequest, decode


class Colour(Enum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Cat(msgspec.Struct, tag_field="kind", tag="cat", forbid_unknown_fields=True):
    lives: int = 9


class Dog(msgspec.Struct, tag_field="kind", tag="dog"):
    name: str
    age: Annotated[int, msgspec.Meta(ge=0, lt=30)] = 1


class Owner(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=5)]
    pet: Cat | Dog
    full_name: str = msgspec.field(name="fullName", default="")
    nicknames: list[str] = []
    address: dict[str, int] | None = None
    friend: Dog | None = None


class PydanticCat(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["cat"] = "cat"
    lives: int = 9


class PydanticDog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str
    age: Annotated[int, Field(ge=0, lt=30)] = 1


class PydanticOwner(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=5)]
    pet: Annotated[PydanticCat | PydanticDog, Field(discriminator="kind")]
    full_name: str = Field(alias="fullName", default="")
    nicknames: list[str] = []
    address: dict[str, int] | None = None
    friend: PydanticDog | None = None


SAME_TYPE: list[tuple[Any, list[Any]]] = [
    (
        int,
        [
            5,
            "5",
            " 5 ",
            "+5",
            "-5",
            "005",
            "5.0",
            "1_000",
            "1__0",
            "_1",
            "5.",
            "5.5",
            ".0",
            "1e3",
            5.0,
            5.5,
            True,
            "0x10",
            "",
            "٣",
            "+ 5",
            "- 5",
            "5 0",
            "null",
            None,
            [],
            {},
            "1_000.00",
            "-0",
        ],
    ),
    (float, [1, "1.5", " 1.5 ", "1_0.5", "x", "", True, None, [], 10**400, "1e3"]),
    (bool, [True, "true", "YES", "on", "t", "n", "0", " yes", "2", 2, 1, 0, 1.0, 0.0, 0.5, None, [], "", "null"]),
    (str, ["", "x", 5, None, 1.5, True, [], {}]),
    (
        datetime,
        [
            "2020-01-01T10:00:00Z",
            "2020-01-01T10:00:00+03:00",
            "2020-01-01T10:00+0300",
            "2020-01-01T10:00:00.1234567Z",
            "2020-01-01T10:00:00,5Z",
            1494012444,
            "1494012444.5",
            1494012444000,
            "-1",
            1.5,
            "20200101",
            -62135596801,
            "abc",
            "",
            "2020-13-01",
            "2020-01-32",
            "2020-02-30",
            "2020-01-01T",
            "2020-01-01T25:00",
            "2020-01-01T10",
            "2020-01-01T10:00:61",
            "2020-01-01x10:00",
            "2020-01-01T10:00Zx",
            "2020/01/01",
            "2020-1-1",
            "2020-0a-01",
            "2020-01-0a",
            "0000-01-01",
            "null",
            " 2020-01-01 ",
            True,
            None,
            [],
            10**20,
            1e300,
            "2020-01-01T10:00-03",
        ],
    ),
    (
        date,
        [
            "2020-01-01",
            "2020-01-01T00:00",
            "2020-01-01T00:00:00Z",
            "2020-01-01T00:01",
            1494028800,
            "1494028800",
            1494012444,
            "abc",
            "",
            "2020-13-01",
            "2020-01-01x",
            True,
            None,
            [],
            1.5,
        ],
    ),
    (Colour, ["red", "RED", "", 1, None, [], {}]),
    (Level, [1, 3, None]),
    (Literal["a", "b", "c"], ["a", "d", None, 1, []]),
    (Literal[1], [1, 2, "1"]),
    (UUID, [5, None, []]),
    (int | None, [None, 5, "null", ""]),
    (list[int], [[1, "2"], [], ["x", 1, None], "1", None, {}]),
    (set[str], [["a", "a"], ["a", 1], "a", None]),
    (frozenset[int], [[1, "1"], 5]),
    (tuple[int, ...], [[1, "2"], 5]),
    (tuple[int, str], [[1, "2"], [1], [1, "2", 3], 5]),
    (dict[str, int], [{"a": "1"}, {"a": "x", "b": None}, [], None]),
    (dict[int, str], [{"1": "a"}, {"x": "a"}]),
    (Any, [1, "x", None, {"a": [1, {"b": None}]}]),
]

CONSTRAINED: list[tuple[Any, Any, list[Any]]] = [
    (Annotated[int, msgspec.Meta(gt=0)], Annotated[int, Field(gt=0)], [1, 0, "0", -1]),
    (Annotated[int, msgspec.Meta(ge=1, le=3)], Annotated[int, Field(ge=1, le=3)], [1, 3, 0, 4]),
    (Annotated[float, msgspec.Meta(lt=1.5)], Annotated[float, Field(lt=1.5)], [1, 2, "2"]),
    (Annotated[int, msgspec.Meta(multiple_of=5)], Annotated[int, Field(multiple_of=5)], [10, 11]),
    (
        Annotated[str, msgspec.Meta(min_length=1, max_length=3)],
        Annotated[str, Field(min_length=1, max_length=3)],
        ["", "abcd", "abc"],
    ),
    (Annotated[str, msgspec.Meta(min_length=2)], Annotated[str, Field(min_length=2)], ["a", "äö"]),
    (Annotated[str, msgspec.Meta(pattern="^a+$")], Annotated[str, Field(pattern="^a+$")], ["aa", "b"]),
    (
        Annotated[list[int], msgspec.Meta(min_length=1, max_length=2)],
        Annotated[list[int], Field(min_length=1, max_length=2)],
        [[], [1], [1, 2, 3]],
    ),
    (
        Annotated[dict[str, int], msgspec.Meta(min_length=1, max_length=1)],
        Annotated[dict[str, int], Field(min_length=1, max_length=1)],
        [{}, {"a": 1}],
    ),
    (Annotated[int, msgspec.Meta(ge=1)] | None, Annotated[int, Field(ge=1)] | None, [None, 0]),
    (
        Owner,
        PydanticOwner,
        [
            {},
            [],
            "text",
            None,
            {"name": "", "pet": {}},
            {"name": "toolong", "pet": {"kind": "fish"}},
            {"name": "ann", "pet": {"kind": "cat", "lives": "x", "colour": 1, "age": 2}},
            {"name": "ann", "pet": {"kind": "dog", "age": 30, "more": 1}},
            {"name": "ann", "pet": []},
            {"name": "ann", "pet": {"kind": 5}},
            {"name": "ann", "pet": {"kind": "cat"}, "fullName": 5, "nicknames": ["a", 1], "address": {"a": "b"}},
            {"name": "ann", "pet": {"kind": "cat"}, "friend": {"name": "rex", "kind": "cat"}},
            {"name": "ann", "pet": {"kind": "cat"}, "friend": 5, "address": [], "nicknames": None},
        ],
    ),
    (
        list[Owner],
        list[PydanticOwner],
        [[{"name": "ann", "pet": {"kind": "dog"}}, 5]],
    ),
]


def cases() -> list[Any]:
    same = [(kind, kind, values) for kind, values in SAME_TYPE]
    return [
        pytest.param(
            ours, theirs, value, id=f"{getattr(ours, '__name__', ours)} {str(value)[:40]!r} {type(value).__name__}"
        )
        for ours, theirs, values in same + CONSTRAINED
        for value in values
    ]


@pytest.mark.parametrize(("ours", "theirs", "value"), cases())
def test_values_and_faults_are_those_of_pydantic(ours: Any, theirs: Any, value: Any) -> None:
    found, faults = our_view(ours, value)
    expected, expected_faults = pydantics_view(theirs, value)
    assert faults == expected_faults
    assert found == expected


def our_view(kind: Any, value: Any) -> tuple[Any, list[dict[str, Any]]]:
    try:
        return decode(kind, value, ()), []
    except InvalidRequest as error:
        return None, [dict(item) for item in error.errors]


def pydantics_view(kind: Any, value: Any) -> tuple[Any, list[dict[str, Any]]]:
    try:
        # as FastAPI calls it
        return TypeAdapter(kind).validate_python(value, from_attributes=True), []
    except pydantic.ValidationError as error:
        items = [{**item, "loc": list(item["loc"])} for item in error.errors(include_url=False)]
        return None, items
