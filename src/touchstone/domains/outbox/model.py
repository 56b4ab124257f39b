"""Events that somebody outside may want to be told of."""

import datetime as dt
from typing import Any

import msgspec

# by what they are about. A group without words takes any: what emits them names them
EVENTS: dict[str, tuple[str, ...]] = {
    "job": ("created", "pending", "running", "requeued", "succeeded", "failed", "stopped"),
    "workflow": ("created", "retried", "succeeded", "failed"),
    "execution": (),
    "review": (),
    "artefact": (),
}


class OutboxEvent(msgspec.Struct, frozen=True):
    """`event` reads `{group}.{word}`, `subject` reads `{noun}:{id}`."""

    id: int
    event: str
    subject: str
    payload: dict[str, Any]
    created_at: dt.datetime


def is_known(event: str) -> bool:
    group, _, word = event.partition(".")
    return group in EVENTS and bool(word) and word in (EVENTS[group] or (word,))
