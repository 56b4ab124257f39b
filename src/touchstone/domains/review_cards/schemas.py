"""What clients get."""

import datetime as dt

import msgspec

from touchstone.domains.review_cards.model import CardStatus


class ReviewCard(msgspec.Struct, frozen=True, kw_only=True):
    """`wanted` until a worker has `made` it, or `failed` to for good. `parent`, `key` and `url` are Jira's.

    `is_assigned` is false where Jira knows nobody of the reviewer's handle, or was asked by an attempt whose answer was
    lost.
    """

    id: int
    artefact_id: int
    user_id: int
    parent: str
    status: CardStatus
    key: str | None
    url: str | None
    is_assigned: bool | None
    attempts: int
    next_attempt_at: dt.datetime | None
    error: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class ReviewCards(msgspec.Struct, frozen=True):
    items: list[ReviewCard]
    next_cursor: str | None
