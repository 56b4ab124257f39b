"""A creating POST that may safely be sent again."""

import msgspec

from touchstone.errors import Conflict, Invalid

KEPT_HOURS = 24


class IdempotentCall(msgspec.Struct, frozen=True):
    """Who called what with which key, and a digest of the body."""

    caller: str
    route: str
    key: str
    body_digest: bytes


class RememberedAnswer(msgspec.Struct, frozen=True):
    body_digest: bytes
    body: str


class CallInFlight(Conflict):
    """A request with the Idempotency-Key {key} is being worked on; ask again in a moment"""

    retry_after_seconds = 1


class ShownOnce(Conflict):
    """The Idempotency-Key {key} has made {subject}, and what it shows only once was in that answer: rotate it"""


class KeyUsedForAnotherBody(Invalid):
    """The Idempotency-Key {key} was used with another body; take a new key"""
