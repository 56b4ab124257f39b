"""Who wants to be told of what, and what came of telling it."""

import datetime as dt
from typing import Any, Literal

import msgspec

from touchstone.domains.outbox.model import EVENTS, is_known
from touchstone.errors import Conflict, Forbidden, InvalidValue, NotFound

PING = "webhook.ping"
MOST_WEBHOOKS = 100

# being told of something is seeing it
NEEDED = {
    "job": "view_job",
    "workflow": "view_workflow",
    "execution": "view_test",
    "review": "view_artefact",
    "artefact": "view_artefact",
}

DeliveryStatus = Literal["waiting", "delivered", "failed"]


class Webhook(msgspec.Struct, frozen=True):
    """`events` are such as `job.failed`, `job.*` and `*`; `owner` is whoever set the address."""

    id: int
    url: str
    description: str
    events: list[str]
    is_enabled: bool
    failing_since: dt.datetime | None
    disabled_reason: str | None
    owner: str
    created_at: dt.datetime
    updated_at: dt.datetime


class Delivery(msgspec.Struct, frozen=True):
    """One message to one webhook; `message_id` stays the same through retries and replays."""

    id: int
    webhook_id: int
    message_id: str
    event: str
    status: DeliveryStatus
    attempts: int
    next_attempt_at: dt.datetime | None
    last_status: int | None
    last_error: str | None
    created_at: dt.datetime
    ended_at: dt.datetime | None


class DueDelivery(msgspec.Struct, frozen=True):
    """Leased: nobody else sends it meanwhile. `attempt` counts from 1, `secrets` are encrypted, the newest first.

    `may_hear` says whether the webhook's owner may still see what it tells of.
    """

    id: int
    webhook_id: int
    url: str
    message_id: str
    event: str
    body: str
    attempt: int
    may_hear: bool
    secrets: list[bytes]


class Failing(msgspec.Struct, frozen=True):
    """A webhook after a failed attempt; `is_long` once it has failed for a day."""

    owner: str
    is_long: bool


class WebhookNotFound(NotFound):
    """Webhook {id} doesn't exist"""


class DeliveryNotFound(NotFound):
    """Delivery {id} of webhook {webhook_id} doesn't exist"""


class TooManyWebhooks(Conflict):
    """There are {most} webhooks already; delete one first"""


class WebhookDisabled(Conflict):
    """Webhook {id} is disabled; enable it first"""


class TooManySecrets(Conflict):
    """Webhook {id} has {most} secrets that still sign; wait until one has expired, or end them with keep_seconds 0"""


class EventsNotYours(Forbidden):
    """Whoever is told of {group} events needs the permission {permission}"""


class EventUnknown(InvalidValue):
    """{reason}"""

    def __init__(self, place: int, event: str) -> None:
        reason = f"Name an event such as job.failed, job.* or *; the groups are {', '.join(EVENTS)}"
        super().__init__(location=("body", "events", place), reason=reason, value=event)


class AddressUnusable(InvalidValue):
    """{reason}"""

    def __init__(self, reason: str) -> None:
        super().__init__(location=("body", "url"), reason=reason)


def groups_of(events: list[str]) -> list[str]:
    """Of what the patterns tell. Raises EventUnknown."""
    found: dict[str, None] = {}
    for place, event in enumerate(events):
        group, _, word = event.partition(".")
        if event == "*":
            found |= dict.fromkeys(EVENTS)
        elif (word == "*" and group in EVENTS) or is_known(event):
            found[group] = None
        else:
            raise EventUnknown(place, event)
    return list(found)


def retry_seconds(attempt: int, jitter: float, asked: int | None = None) -> float:
    """How long after the failed attempt (from 1) comes the next: 5 s, then three times as long each, 2 h at most.

    `jitter` from -1 to 1 spreads it by a fifth. A receiver that asks for more time gets up to 2 h.
    """
    backed_off = min(5.0 * 3.0 ** min(attempt - 1, 10), LONGEST_PAUSE) * (1 + 0.2 * jitter)
    return max(backed_off, min(asked or 0, LONGEST_PAUSE))


LONGEST_PAUSE = 7200.0


def message(event: str, at: dt.datetime, data: dict[str, Any]) -> dict[str, Any]:
    """The body, as Standard Webhooks proposes it."""
    return {"type": event, "timestamp": at.isoformat(), "data": data}
