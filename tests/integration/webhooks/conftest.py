"""Webhooks that may go to loopback, a receiver there, and turns of what tells of events."""

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Protocol

import httpx
import pytest
from tests.conftest import replaced
from tests.people import as_user
from tests.webhook_receiver import Receiver, receiving

from touchstone.adapters.webhook_sender import HttpWebhookSender
from touchstone.assembly import Assembly
from touchstone.database.executor import Database
from touchstone.domains.outbox.service import emit
from touchstone.domains.webhooks.dispatcher import WebhookDispatcher
from touchstone.settings import Settings

WEBHOOKS = "/api/v1/webhooks"
SEEING = ("view_job", "view_workflow", "view_test", "view_artefact")


class Add(Protocol):
    async def __call__(self, *events: str, url: str | None = None) -> dict[str, Any]: ...


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return replaced(settings, webhook_allow_private=True)


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
async def manager(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await as_user(client, database, "view_webhook", "change_webhook", *SEEING)


@pytest.fixture
def add(manager: httpx.AsyncClient, receiver: Receiver) -> Add:
    """Makes a webhook to the receiver; answers it with its secret."""

    async def make(*events: str, url: str | None = None) -> dict[str, Any]:
        body = {"url": url or receiver.url, "events": events or ("*",), "description": "a hook"}
        answer = await manager.post(WEBHOOKS, json=body)
        assert answer.status_code == 201, answer.text
        return {**answer.json()["webhook"], "secret": answer.json()["secret"]}

    return make


@pytest.fixture
async def webhook_dispatcher(parts: Assembly) -> AsyncGenerator[WebhookDispatcher]:
    """Waits a moment only for an answer."""
    made = dispatching(parts)
    yield made
    await made.sender.close()


def dispatching(parts: Assembly, *, timeout_seconds: float = 1.0) -> WebhookDispatcher:
    trusting_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    sender = HttpWebhookSender(timeout_seconds=timeout_seconds, allow_private=True, tls=trusting_nobody)
    return WebhookDispatcher(
        parts.database,
        parts.vault,
        sender,
        timeout_seconds=timeout_seconds,
        api_url=parts.settings.api_url,
        open_permissions=parts.access_policy().open_permissions,
    )


@pytest.fixture
def tell(parts: Assembly) -> Callable[..., Awaitable[None]]:
    """An event, and its way out of the outbox."""

    async def told(event: str = "job.failed", **payload: Any) -> None:
        async with parts.database.transaction() as transaction:
            await emit(transaction, event, "job:1", payload)
        await parts.outbox().turn()

    return told


@pytest.fixture
def deliver(webhook_dispatcher: WebhookDispatcher, database: Database) -> Callable[[], Awaitable[int]]:
    """A turn in which everything is due."""

    async def turn() -> int:
        await database.execute("update webhook_delivery set next_attempt_at = now() where next_attempt_at > now()")
        return await webhook_dispatcher.turn()

    return turn
