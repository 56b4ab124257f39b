"""From text to value, kind by kind."""

from typing import Any

import pytest

from touchstone.setting_values import (
    Secret,
    Variable,
    as_text,
    choice,
    fernet_keys,
    flag,
    names,
    networks,
    number,
    prefix,
    signing_keys,
    size,
    stage_numbers,
    url,
    whole_number,
)


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("50MB", 50_000_000),
        ("50mb", 50_000_000),
        ("50 MB", 50_000_000),
        ("50MiB", 52_428_800),
        ("1GB", 10**9),
        ("1.5kB", 1500),
        ("123", 123),
        ("7B", 7),
    ],
)
def test_a_size_is_read_in_decimal_and_binary_units(written: str, count: int) -> None:
    assert size("x").read(written) == count


@pytest.mark.parametrize(
    ("variable", "written"),
    [
        (size("x"), "-1"),
        (size("x"), "0"),
        (size("x"), "10 furlongs"),
        (size("x"), "9" * 40),
        (whole_number("x", 1, 10), "11"),
        (whole_number("x", 1, 10), "1.5"),
        (number("x", 0, 1), "nan"),
        (number("x", 0, 1), "inf"),
        (flag("x"), "perhaps"),
        (choice("x", "a", "b"), "c"),
        (url("x", "http"), "ftp://host"),
        (url("x", "http"), "http://"),
        (url("x", "http"), "host:8265"),
        (prefix("x"), "../jobs"),
        (prefix("x"), "/"),
        (networks("x"), "10.0.0.300"),
        (fernet_keys("x"), "too-short"),
        (fernet_keys("x"), "é" * 44),
        (signing_keys("x"), "too-short"),
        (stage_numbers("x"), "stable"),
        (stage_numbers("x"), "stable=0"),
        (stage_numbers("x"), "nowhere=2"),
        (stage_numbers("x"), "stable=2,stable=3"),
    ],
)
def test_what_makes_no_sense_is_refused(variable: Variable, written: str) -> None:
    with pytest.raises(ValueError):
        variable.read(written)


@pytest.mark.parametrize(
    ("variable", "written", "value"),
    [
        (flag("x"), "YES", True),
        (flag("x"), "off", False),
        (choice("x", "json", "text"), "JSON", "json"),
        (names("x"), " a, b ,,c ", ("a", "b", "c")),
        (networks("x"), "10.1.2.3, 192.168.0.0/16", ("10.1.2.3/32", "192.168.0.0/16")),
        (url("x", "https"), "https://host/path/", "https://host/path"),
        (prefix("x"), "/jobs/results/", "jobs/results"),
        (number("x", 0, 2), "0.25", 0.25),
        (stage_numbers("x"), "stable = 2,beta=03", ("stable=2", "beta=3")),
    ],
)
def test_what_makes_sense_is_read(variable: Variable, written: str, value: Any) -> None:
    assert variable.read(written) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), (("a", "b"), "a,b"), ((Secret("k"),), "k"), (Secret("s"), "s"), (7, "7")],
)
def test_values_are_written_as_they_are_read(value: object, text: str) -> None:
    assert as_text(value) == text


def test_a_secret_equals_only_the_same_secret() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
