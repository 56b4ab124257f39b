"""What a key may look like: the rules that a file system and S3 can both keep."""

import re

from touchstone.errors import Invalid

LONGEST_KEY = 1024  # bytes of UTF-8, as S3 has it
LONGEST_PART = 254  # bytes of UTF-8 between two slashes: file systems end at 255

# what nearly all keys look like: one look instead of one at each character
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,253}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,253})*")


class KeyRefused(Invalid):
    """The object name {key!r} cannot be used: {why}."""


def checked_key(key: str) -> str:
    """The key itself. Raises KeyRefused."""
    if len(key) <= LONGEST_KEY and _PLAIN.fullmatch(key):
        return key
    _refuse_bad_text(key)
    for part in key.split("/"):
        _refuse_bad_part(key, part)
    return key


def checked_folder(key: str) -> str:
    """As `checked_key`, for a key that ends with a slash."""
    if not key.endswith("/"):
        raise KeyRefused(key=key, why="a folder ends with a slash")
    checked_key(key[:-1])
    return key


def checked_prefix(prefix: str) -> str:
    """The beginning of a key, which may be empty or end in the middle of a name. Raises KeyRefused."""
    _refuse_bad_text(prefix)
    *folders, _ = prefix.split("/")
    for part in folders:
        _refuse_bad_part(prefix, part)
    return prefix


def _refuse_bad_text(key: str) -> None:
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise KeyRefused(key=key, why="it is not valid Unicode") from None
    if length > LONGEST_KEY:
        raise KeyRefused(key=key[:80] + "…", why=f"it is {length} bytes long, more than {LONGEST_KEY}")
    if any(ord(character) < 32 or ord(character) == 127 for character in key):
        raise KeyRefused(key=key, why="it holds a control character")


def _refuse_bad_part(key: str, part: str) -> None:
    if part == "":
        raise KeyRefused(key=key, why="it has an empty part")
    if part in (".", ".."):
        raise KeyRefused(key=key, why=f"it has a part {part!r}")
    if (length := len(part.encode())) > LONGEST_PART:
        raise KeyRefused(key=key[:80] + "…", why=f"one of its parts is {length} bytes long, more than {LONGEST_PART}")
