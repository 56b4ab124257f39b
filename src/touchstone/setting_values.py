"""How the text of an environment variable becomes the value of a setting."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import msgspec

Number = TypeVar("Number", int, float)
Value = TypeVar("Value")

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Secret:
    """A value that shows itself only when asked by `reveal`: not by repr, str, format or in a traceback."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Unknown(ValueError):
    """Words out of a closed list that it does not hold; says so in full."""

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        super().__init__(f"does not know {', '.join(unknown)}; known are {', '.join(known)}")


class Variable(msgspec.Struct, frozen=True):
    """`read` raises ValueError for a text that is not `expected`, which completes "it must be …".

    `empty` is how an empty list is written, where that is not the same as unset.
    """

    about: str
    expected: str
    read: Callable[[str], Any]
    is_secret: bool = False
    empty: str = ""


def text(about: str) -> Variable:
    return Variable(about, "a text", str)


def whole_number(about: str, least: int, most: int = 2**31 - 1) -> Variable:
    def read(value: str) -> int:
        return _within(int(value), least, most)

    return Variable(about, f"a whole number from {least} to {most}", read)


def number(about: str, least: float, most: float) -> Variable:
    def read(value: str) -> float:
        return _within(float(value), least, most)

    return Variable(about, f"a number from {least:g} to {most:g}", read)


def _within(value: Number, least: Number, most: Number) -> Number:
    if not least <= value <= most:
        raise ValueError
    return value


def flag(about: str) -> Variable:
    def read(value: str) -> bool:
        return _known(value.lower(), _FLAGS)

    return Variable(about, "true or false", read)


def choice(about: str, *words: str) -> Variable:
    def read(value: str) -> str:
        return _known(value.lower(), {word: word for word in words})

    return Variable(about, f"one of {', '.join(words)}", read)


def _known(word: str, values: dict[str, Value]) -> Value:
    if word not in values:
        raise ValueError
    return values[word]


def folder(about: str) -> Variable:
    return Variable(about, "the path of a folder", Path)


def file(about: str) -> Variable:
    return Variable(about, "the path of a file", Path)


def url(about: str, *schemes: str) -> Variable:
    def read(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError
        return value.rstrip("/")

    return Variable(about, f"a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}", read)


def size(about: str) -> Variable:
    def read(value: str) -> int:
        match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)\s*([A-Z]*)", value.strip().upper())
        if match is None:
            raise ValueError
        return _within(int(float(match[1]) * _known(match[2], _UNITS)), 1, 2**50)

    return Variable(about, "a size such as 50MB, 1GB, 50MiB or a number of bytes", read)


def prefix(about: str) -> Variable:
    def read(value: str) -> str:
        parts = value.strip("/").split("/")
        if any(part in ("", ".", "..") for part in parts):
            raise ValueError
        return "/".join(parts)

    return Variable(about, "a key prefix such as jobs/results, without . or .. in it", read)


def names(about: str) -> Variable:
    return Variable(about, "a list separated by commas", _parts)


def permissions(about: str) -> Variable:
    def read(value: str) -> tuple[str, ...]:
        # imported where it is needed: most processes are told none, and the words bring the whole API along
        from touchstone.domains.permissions.model import PERMISSIONS

        words = tuple(word.lower() for word in _parts(value))
        if words == ("none",):
            return ()
        unknown = [word for word in words if word not in PERMISSIONS]
        if unknown:
            raise Unknown(unknown, PERMISSIONS)
        return words

    return Variable(about, "none, or a list of permissions separated by commas", read, empty="none")


def stage_numbers(about: str) -> Variable:
    def read(value: str) -> tuple[str, ...]:
        # imported where it is needed: most processes are told none, and the words bring the callers along
        from touchstone.domains.families.model import StageName

        pairs = [part.partition("=") for part in _parts(value)]
        for stage, _, number in pairs:
            StageName(stage.strip())
            _within(int(number), 1, 100)
        if len({stage.strip() for stage, _, _ in pairs}) < len(pairs):
            raise ValueError
        return tuple(f"{stage.strip()}={int(number)}" for stage, _, number in pairs)

    return Variable(about, "a list of stages with numbers from 1 to 100, as in stable=2,candidate=2", read)


def networks(about: str) -> Variable:
    def read(value: str) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(part, strict=False)) for part in _parts(value))

    return Variable(about, "a list of IP addresses or networks (10.0.0.0/8) separated by commas", read)


def secret(about: str) -> Variable:
    return Variable(about, "a text", Secret, is_secret=True)


def secret_url(about: str, *schemes: str) -> Variable:
    plain = url(about, *schemes)
    return Variable(about, plain.expected, lambda value: Secret(plain.read(value)), is_secret=True)


def postgres_url(about: str) -> Variable:
    """Both spellings of the scheme; the longer one is kept, which every driver takes."""
    plain = url(about, "postgresql", "postgres")

    def read(value: str) -> Secret:
        return Secret("postgresql" + plain.read(value).removeprefix("postgresql").removeprefix("postgres"))

    return Variable(about, plain.expected, read, is_secret=True)


def fernet_keys(about: str) -> Variable:
    return _secrets(about, "keys separated by commas, each made by `touchstone secret-key`", _require_fernet_key)


def signing_keys(about: str) -> Variable:
    return _secrets(about, "keys separated by commas, each of at least 32 characters", _require_length)


def _secrets(about: str, expected: str, require: Callable[[str], None]) -> Variable:
    def read(value: str) -> tuple[Secret, ...]:
        for part in _parts(value):
            require(part)
        return tuple(Secret(part) for part in _parts(value))

    return Variable(about, expected, read, is_secret=True)


def _require_fernet_key(key: str) -> None:
    try:
        raw = base64.urlsafe_b64decode(key.encode())
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError from error
    if len(raw) != 32:
        raise ValueError


def _require_length(key: str) -> None:
    if len(key) < 32:
        raise ValueError


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def as_text(value: object) -> str:
    """What `read` would read back as this value."""
    match value:
        case None:
            return ""
        case Secret():
            return value.reveal()
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(as_text(part) for part in cast("tuple[object, ...]", value))
        case _:
            return str(value)
