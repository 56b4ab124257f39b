"""The recorded exchanges, as a list of requests with the answers they got."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

LOST_BYTE = "\ufffd"  # stands for bytes that are no UTF-8
ANY_LOST_BYTE = b"\xe9"


class Recorded(msgspec.Struct, frozen=True):
    """`name` is the label, with `(2)` and so on behind one that occurs again."""

    label: str
    method: str
    path: str
    request: dict[str, Any]
    status: int
    headers: dict[str, str]
    body: Any
    name: str = ""


def read_exchanges(path: Path) -> list[Recorded]:
    seen: Counter[str] = Counter()
    found: list[Recorded] = []
    for exchange in msgspec.json.Decoder(Recorded).decode_lines(path.read_bytes()):
        seen[exchange.label] += 1
        count = seen[exchange.label]
        name = exchange.label if count == 1 else f"{exchange.label} ({count})"
        found.append(msgspec.structs.replace(exchange, name=name))
    return found


def sent_bytes(text: str) -> bytes:
    """What was sent, where the recording holds text."""
    return ANY_LOST_BYTE.join(part.encode() for part in text.split(LOST_BYTE))
