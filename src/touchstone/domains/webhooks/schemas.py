"""What clients send and get."""

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from touchstone.domains.webhooks.model import Delivery, Webhook

WEEK_SECONDS = 604_800

Url = Annotated[str, Meta(min_length=8, max_length=2000)]
Description = Annotated[str, Meta(max_length=1000)]
Pattern = Annotated[str, Meta(max_length=100)]
Events = Annotated[
    list[Pattern], Meta(min_length=1, max_length=50, description="Such as `job.failed`, `job.*`, `*` for all.")
]
KeepSeconds = Annotated[
    int, Meta(ge=0, le=WEEK_SECONDS, description="How long the secrets before it go on signing beside it.")
]


class NewWebhook(msgspec.Struct):
    url: Url
    events: Events
    description: Description = ""
    is_enabled: bool = True


class WebhookChanges(msgspec.Struct):
    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET


class SecretRotation(msgspec.Struct):
    keep_seconds: KeepSeconds = 86_400


class Webhooks(msgspec.Struct):
    items: list[Webhook]


class WebhookSecret(msgspec.Struct):
    """Shown this once. Receivers verify signatures with it (Standard Webhooks), and refuse messages of five minutes."""

    secret: str
    created_at: dt.datetime


class CreatedWebhook(msgspec.Struct):
    """The secret is shown this once."""

    webhook: Webhook
    secret: str


class DeliveryAttempt(msgspec.Struct):
    number: int
    at: dt.datetime
    duration_ms: int
    status: int | None
    error: str | None


class DeliveryDetails(msgspec.Struct):
    """`message` is the body that is sent; null to those whom the webhook does not belong to."""

    delivery: Delivery
    attempts: list[DeliveryAttempt]
    message: dict[str, Any] | None


class Deliveries(msgspec.Struct):
    """Newest first; `next_cursor` leads on, null at the end."""

    items: list[Delivery]
    next_cursor: str | None
