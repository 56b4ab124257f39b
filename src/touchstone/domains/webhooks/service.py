"""Webhooks and their secrets, pings and replays; each change with a note of who made it."""

import datetime as dt
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from touchstone.adapters.vault import Vault
from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once, once_in_clear
from touchstone.domains.outbox.model import OutboxEvent
from touchstone.domains.outbox.service import Subscriber
from touchstone.domains.webhooks.addresses import require_usable, shown
from touchstone.domains.webhooks.delivery_repository import DeliveryRepository
from touchstone.domains.webhooks.model import (
    MOST_WEBHOOKS,
    NEEDED,
    PING,
    Delivery,
    EventsNotYours,
    TooManySecrets,
    TooManyWebhooks,
    Webhook,
    WebhookDisabled,
    groups_of,
    message,
)
from touchstone.domains.webhooks.repository import WebhookRepository
from touchstone.domains.webhooks.schemas import (
    CreatedWebhook,
    DeliveryDetails,
    NewWebhook,
    SecretRotation,
    WebhookChanges,
    WebhookSecret,
)
from touchstone.domains.webhooks.signing import new_secret
from touchstone.http.caller import Caller

MOST_SECRETS = 5

T = TypeVar("T")


class WebhookService:
    def __init__(self, database: Database, vault: Vault, *, allow_private: bool = False) -> None:
        self.database = database
        self.vault = vault
        self.allow_private = allow_private

    async def create(self, new: NewWebhook, caller: Caller, call: IdempotentCall | None = None) -> CreatedWebhook:
        """Raises AddressUnusable, EventUnknown, EventsNotYours, TooManyWebhooks, ShownOnce."""
        require_usable(new.url, allow_private=self.allow_private)
        require_may_hear(caller, new.events)
        secret = new_secret()

        async def work(transaction: Transaction) -> CreatedWebhook:
            webhooks = WebhookRepository(transaction)
            if await webhooks.count() >= MOST_WEBHOOKS:
                raise TooManyWebhooks(most=MOST_WEBHOOKS)
            webhook_id = await webhooks.insert(new, caller.name)
            await webhooks.add_secret(webhook_id, self.vault.encrypt(secret), 0)
            webhook = await webhooks.get(webhook_id)
            await _record(transaction, caller, "create_webhook", webhook_id, after=noted(webhook))
            return CreatedWebhook(webhook=webhook, secret=secret)

        return await once_in_clear(self.database, call, lambda made: f"webhook:{made.webhook.id}", work)

    async def change(self, webhook_id: int, changes: WebhookChanges, caller: Caller) -> Webhook:
        """Whoever sets the address is told what is his to see, not what was another's.

        Raises WebhookNotFound, AddressUnusable, EventUnknown, EventsNotYours.
        """
        async with self.database.transaction() as transaction:
            webhooks = WebhookRepository(transaction)
            before = await webhooks.lock(webhook_id)
            wanted = msgspec.structs.replace(
                before,
                url=_or(changes.url, before.url),
                events=_or(changes.events, before.events),
                description=_or(changes.description, before.description),
                is_enabled=_or(changes.is_enabled, before.is_enabled),
            )
            if wanted.url != before.url:
                require_usable(wanted.url, allow_private=self.allow_private)
                wanted = msgspec.structs.replace(wanted, owner=caller.name)
            if (wanted.url, wanted.events) != (before.url, before.events):
                require_may_hear(caller, wanted.events)
            await webhooks.replace(wanted)
            after = await webhooks.get(webhook_id)
            await _record(transaction, caller, "change_webhook", webhook_id, before=noted(before), after=noted(after))
            return after

    async def delete(self, webhook_id: int, caller: Caller) -> None:
        """With its deliveries. Raises WebhookNotFound."""
        async with self.database.transaction() as transaction:
            before = await WebhookRepository(transaction).lock(webhook_id)
            await WebhookRepository(transaction).delete(webhook_id)
            await _record(transaction, caller, "delete_webhook", webhook_id, before=noted(before))

    async def rotate_secret(self, webhook_id: int, rotation: SecretRotation, caller: Caller) -> WebhookSecret:
        """A new secret; those before it sign beside it for a while. Raises WebhookNotFound, TooManySecrets."""
        secret = new_secret()
        async with self.database.transaction() as transaction:
            webhooks = WebhookRepository(transaction)
            await webhooks.lock(webhook_id)
            if rotation.keep_seconds and await webhooks.count_secrets(webhook_id) >= MOST_SECRETS:
                raise TooManySecrets(id=webhook_id, most=MOST_SECRETS)
            await webhooks.add_secret(webhook_id, self.vault.encrypt(secret), rotation.keep_seconds)
            await _record(transaction, caller, "rotate_webhook_secret", webhook_id, after=rotation)
        return WebhookSecret(secret=secret, created_at=dt.datetime.now(dt.UTC))

    async def ping(self, webhook_id: int, caller: Caller, call: IdempotentCall | None = None) -> Delivery:
        """Queues a test message; it is tried once, though the webhook be disabled. Raises WebhookNotFound."""

        async def work(transaction: Transaction) -> Delivery:
            await WebhookRepository(transaction).lock(webhook_id)
            deliveries = DeliveryRepository(transaction)
            said = message(PING, dt.datetime.now(dt.UTC), {"webhook_id": webhook_id})
            delivery = await deliveries.get(webhook_id, await deliveries.insert_ping(webhook_id, said))
            await _record(transaction, caller, "ping_webhook", webhook_id, after={"delivery": delivery.id})
            return delivery

        return await once(self.database, call, Delivery, work)

    async def replay(
        self, webhook_id: int, delivery_id: int, caller: Caller, call: IdempotentCall | None = None
    ) -> Delivery:
        """Queues a message once more under its id. Raises WebhookNotFound, DeliveryNotFound, WebhookDisabled."""

        async def work(transaction: Transaction) -> Delivery:
            webhook = await WebhookRepository(transaction).lock(webhook_id)
            deliveries = DeliveryRepository(transaction)
            earlier = await deliveries.get(webhook_id, delivery_id)
            if not webhook.is_enabled:
                raise WebhookDisabled(id=webhook_id)
            delivery = await deliveries.get(webhook_id, await deliveries.insert_replay(earlier.id))
            await _record(
                transaction, caller, "replay_webhook_delivery", webhook_id, after={"message_id": delivery.message_id}
            )
            return delivery

        return await once(self.database, call, Delivery, work)

    async def details(self, webhook_id: int, delivery_id: int, caller: Caller) -> DeliveryDetails:
        """Raises WebhookNotFound, DeliveryNotFound."""
        webhook = await WebhookRepository(self.database).get(webhook_id)
        deliveries = DeliveryRepository(self.database)
        delivery = await deliveries.get(webhook_id, delivery_id)
        may_read = caller.principal.is_admin or caller.name == webhook.owner
        return DeliveryDetails(
            delivery=delivery,
            attempts=await deliveries.list_attempts(delivery_id),
            message=await deliveries.message_of(delivery_id) if may_read else None,
        )


def fan_out(open_permissions: frozenset[str]) -> Subscriber:
    """A subscriber of the outbox: one delivery for each webhook that wants an event, and whose owner may see it."""

    async def told(transaction: Transaction, events: list[OutboxEvent]) -> None:
        await DeliveryRepository(transaction).fan_out([event.id for event in events], open_permissions)

    return told


def require_may_hear(caller: Caller, events: list[str]) -> None:
    """Nobody is told what he may not see. Raises EventUnknown, EventsNotYours."""
    for group in groups_of(events):
        if not caller.may(NEEDED[group]):
            raise EventsNotYours(group=group, permission=NEEDED[group])


def noted(webhook: Webhook) -> dict[str, Any]:
    """What the audit is told: addresses may hold what only two should know."""
    return {
        "url": shown(webhook.url),
        "events": webhook.events,
        "description": webhook.description,
        "is_enabled": webhook.is_enabled,
        "owner": webhook.owner,
    }


async def _record(transaction: Transaction, caller: Caller, action: str, webhook_id: int, **states: Any) -> None:
    await AuditRepository(transaction).record(caller, action, f"webhook:{webhook_id}", **states)


def _or(given: T | UnsetType, before: T) -> T:
    return before if given is UNSET else given
