"""What was changed, by whom; and the chain that lets a later change of that show."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from touchstone.http.caller import Caller

FIRST_DIGEST = bytes(32)


class AuditEvent(msgspec.Struct, frozen=True):
    """`actor` is `user:{id}`, `application:{id}`, `anonymous` or `touchstone`; `subject` reads `{noun}:{id}`."""

    id: int
    at: dt.datetime
    actor: str
    actor_name: str | None
    credential: str
    request_id: str | None
    action: str
    subject: str
    before: Any
    after: Any


class Unsealed(msgspec.Struct, frozen=True):
    """An event that waits for its seal; `oldest` and `next` are the transactions between which others may go on.

    `columns` are what is hashed, as texts, in this order, None for null: id, at (UTC, `YYYY-MM-DDTHH:MM:SS.ffffffZ`),
    transaction_id, actor, credential, request_id, action, subject, before, after (the last two as Postgres writes
    jsonb). The actor's name is not among them: it goes when somebody is erased, and the chain stays whole.
    """

    id: int
    transaction_id: int
    oldest: int
    next: int
    columns: list[str | None]


class Link(msgspec.Struct, frozen=True):
    """One seal with the event under it; `columns` is None when the event is gone."""

    number: int
    event_id: int
    digest: bytes
    columns: list[str | None] | None


class Head(msgspec.Struct, frozen=True):
    """The last link, and the signature of it."""

    number: int
    digest: bytes
    signature: bytes


class State(msgspec.Struct, frozen=True):
    """`behind` is the first event without a seal among those that were sealed long ago.

    `cut` is the last link that was pruned, signed like the head; `last_number` is at least its.
    """

    head: Head | None = None
    cut: Head | None = None
    last_number: int = 0
    waiting: int = 0
    behind: int | None = None


class Verification(msgspec.Struct, frozen=True):
    """`sealed` counts the links that hold, `waiting` the events without one; `fault` names the first bad row.

    `pruned` is how many links are gone from the beginning by somebody who had the keys.
    """

    sealed: int
    waiting: int
    head: str | None
    fault: str | None = None
    pruned: int = 0


def credential_of(caller: Caller) -> str:
    """What showed who it was: `session:{id}`, `application:{id}`, both, or `none`; never the credential itself."""
    principal = caller.principal
    session = [f"session:{principal.session_id}"] if principal.session_id is not None else []
    application = [f"application:{principal.application_id}"] if principal.application_id is not None else []
    return " ".join(session + application) or "none"


def canonical(columns: Sequence[str | None]) -> bytes:
    """An event as bytes: each column as `{length in bytes}:{UTF-8},` (a netstring), a null as `-,`.

    The lengths keep a text from passing for two columns; nothing depends on how JSON is escaped.
    """
    return b"".join(_netstring(column) for column in columns)


def next_digest(previous: bytes, columns: Sequence[str | None]) -> bytes:
    """SHA-256 over the digest before (32 bytes; zeros before the first) and the canonical event."""
    return hashlib.sha256(previous + canonical(columns)).digest()


def head_text(number: int, digest: bytes) -> str:
    """How a link is written down outside the database: `{number}:{digest in hex}`."""
    return f"{number}:{digest.hex()}"


def cut_text(number: int, digest: bytes) -> str:
    """What is signed of the last link that was pruned; no head reads like it."""
    return f"cut {head_text(number, digest)}"


def _netstring(column: str | None) -> bytes:
    if column is None:
        return b"-,"
    written = column.encode()
    return b"%d:%s," % (len(written), written)
