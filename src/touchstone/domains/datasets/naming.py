"""Names that people give, as parts of object keys."""

import re

LONGEST = 60
_UNSAFE = re.compile(r"[^\w\-.]")


def safe_name(name: str) -> str:
    """Letters, digits, `_`, `.` and `-` stay, anything else becomes `-`; bounded, and never a dot folder."""
    cleaned = _UNSAFE.sub("-", name)[:LONGEST]
    return "-" + cleaned[1:] if cleaned.startswith(".") else cleaned or "-"
