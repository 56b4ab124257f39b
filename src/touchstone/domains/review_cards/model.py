"""Cards to be made."""

import datetime as dt
from enum import StrEnum

import msgspec


class CardStatus(StrEnum):
    WANTED = "wanted"
    MADE = "made"
    FAILED = "failed"


class ClaimedCard(msgspec.Struct, frozen=True, kw_only=True):
    """`leased_until` is the lease's mark."""

    id: int
    artefact_id: int
    family: str
    name: str
    version: str
    reviewer: str
    handle: str | None
    parent: str
    marker: str
    attempts: int
    leased_until: dt.datetime
