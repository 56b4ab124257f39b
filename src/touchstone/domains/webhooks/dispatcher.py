"""Delivers what waits. Any number of processes may run it; a lease keeps two from sending one message at once."""

import asyncio
import random
import time
from typing import Any

import structlog

from touchstone.adapters.vault import SecretUnreadable, Vault
from touchstone.adapters.webhook_sender import Sent, WebhookSender
from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.notifications.model import NotificationType
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.domains.webhooks.delivery_repository import DeliveryRepository
from touchstone.domains.webhooks.model import PING, DueDelivery, retry_seconds
from touchstone.domains.webhooks.repository import WebhookRepository
from touchstone.domains.webhooks.signing import signed_headers
from touchstone.errors import Unavailable
from touchstone.http.caller import SYSTEM

log: Any = structlog.get_logger("touchstone.webhooks")

SENT_AT_ONCE = 32
SENT_AT_ONCE_EACH = 4
# what a lease lasts beyond the longest attempt: for the statements around it
LEASE_MARGIN_SECONDS = 60.0
POLL_SECONDS = 1.0
GONE = 410
# a message that failed for its whole day was first tried a moment after the day began
DISABLED_AFTER_SECONDS = 86_400 - 600
NOT_HIS_TO_SEE = "whom the webhook belongs to may not see this any more"
REASONS = {True: "The receiver answered 410 Gone.", False: "All deliveries have failed for a day."}


class WebhookDispatcher:
    def __init__(
        self,
        database: Database,
        vault: Vault,
        sender: WebhookSender,
        *,
        timeout_seconds: float,
        api_url: str,
        open_permissions: frozenset[str] = frozenset(),
    ) -> None:
        """`timeout_seconds` is the longest that `sender` takes; `open_permissions` need nobody to hold them."""
        self.database = database
        self.vault = vault
        self.sender = sender
        self.timeout_seconds = timeout_seconds
        self.api_url = api_url
        self.open_permissions = open_permissions

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; what is being sent is finished first."""
        sending: set[asyncio.Task[None]] = set()
        try:
            while not stop.is_set():
                claimed_at = time.monotonic()
                for due in await self._claim_safely(SENT_AT_ONCE - len(sending)):
                    sending.add(asyncio.create_task(self._deliver_safely(due, claimed_at)))
                sending = await self._pause(stop, sending)
        finally:
            await asyncio.gather(*sending, return_exceptions=True)
            await self.sender.close()

    async def turn(self) -> int:
        """Sends what is due, and answers how many messages that were."""
        claimed_at = time.monotonic()
        found = await self._claim(SENT_AT_ONCE)
        await asyncio.gather(*(self._deliver_safely(due, claimed_at) for due in found))
        return len(found)

    async def _pause(self, stop: asyncio.Event, sending: "set[asyncio.Task[None]]") -> "set[asyncio.Task[None]]":
        """A while, or until something is sent; answers what is still being sent."""
        stopped = asyncio.create_task(stop.wait())
        wait = asyncio.FIRST_COMPLETED
        done, _ = await asyncio.wait({stopped, *sending}, timeout=POLL_SECONDS, return_when=wait)
        stopped.cancel()
        return sending - done

    async def _claim_safely(self, at_most: int) -> list[DueDelivery]:
        try:
            return await self._claim(at_most) if at_most else []
        except Unavailable as error:
            log.warning("waiting for another system", reason=str(error))
        except Exception:
            log.exception("deliveries could not be claimed")
        return []

    async def _claim(self, at_most: int) -> list[DueDelivery]:
        lease = self.timeout_seconds + LEASE_MARGIN_SECONDS
        return await DeliveryRepository(self.database).claim_due(
            at_most, SENT_AT_ONCE_EACH, lease, self.open_permissions
        )

    async def _deliver_safely(self, due: DueDelivery, claimed_at: float) -> None:
        """Never raises: the lease ends by itself, and somebody tries again."""
        if time.monotonic() - claimed_at > LEASE_MARGIN_SECONDS / 2:
            return  # this process was asleep; what is left of the lease may be too short to be alone
        try:
            if due.may_hear:
                await self._settle(due, await self._send(due))
            else:
                await self._refuse(due)
        except Unavailable as error:
            log.warning("waiting for another system", reason=str(error))
        except Exception:
            log.exception("a webhook could not be delivered", delivery=due.id)

    async def _send(self, due: DueDelivery) -> Sent:
        try:
            secrets = [self.vault.decrypt(value) for value in due.secrets]
        except SecretUnreadable:
            return Sent(duration_ms=0, error="its secret was encrypted with a key that is gone; rotate the secret")
        body = due.body.encode()
        headers = signed_headers(secrets, due.message_id, int(time.time()), body)
        return await self.sender.send(due.url, headers, body)

    async def _refuse(self, due: DueDelivery) -> None:
        async with self.database.transaction() as transaction:
            await DeliveryRepository(transaction).insert_attempt(due, Sent(duration_ms=0, error=NOT_HIS_TO_SEE))
            await DeliveryRepository(transaction).refuse_if_leased(due, NOT_HIS_TO_SEE)

    async def _settle(self, due: DueDelivery, sent: Sent) -> None:
        async with self.database.transaction() as transaction:
            deliveries = DeliveryRepository(transaction)
            await deliveries.insert_attempt(due, sent)
            if sent.is_delivered:
                await deliveries.end_if_leased(due, sent)
                await WebhookRepository(transaction).note_success(due.webhook_id)
                return
            wait_seconds = retry_seconds(due.attempt, random.uniform(-1, 1), sent.retry_after_seconds)  # noqa: S311
            status = await deliveries.retry_if_leased(due, sent, wait_seconds)
            if status is not None and due.event != PING:
                await self._note_failure(transaction, due, sent)
        log.info("a webhook was not delivered", delivery=due.id, attempt=due.attempt, status=sent.status)

    async def _note_failure(self, transaction: Transaction, due: DueDelivery, sent: Sent) -> None:
        failing = await WebhookRepository(transaction).note_failure(due.webhook_id, DISABLED_AFTER_SECONDS)
        is_gone = sent.status == GONE
        if failing is not None and (failing.is_long or is_gone):
            await self._disable(transaction, due.webhook_id, failing.owner, REASONS[is_gone])

    async def _disable(self, transaction: Transaction, webhook_id: int, owner: str, reason: str) -> None:
        """Administrators and the owner are told."""
        if not await WebhookRepository(transaction).disable_if_enabled(webhook_id, reason):
            return
        await AuditRepository(transaction).record(
            SYSTEM, "disable_webhook", f"webhook:{webhook_id}", after={"reason": reason}
        )
        kind, _, number = owner.partition(":")
        await NotificationRepository(transaction).add_for_administrators(
            NotificationType.WEBHOOK_DISABLED,
            f"{self.api_url}/api/v1/webhooks/{webhook_id}",
            also=int(number) if kind == "user" else None,
        )
        log.warning("a webhook is disabled", webhook=webhook_id, reason=reason)
