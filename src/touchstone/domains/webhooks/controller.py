"""`/webhooks`."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall, ShownOnce
from touchstone.domains.webhooks.delivery_repository import DeliveryRepository
from touchstone.domains.webhooks.model import (
    AddressUnusable,
    Delivery,
    DeliveryNotFound,
    DeliveryStatus,
    EventsNotYours,
    EventUnknown,
    TooManySecrets,
    TooManyWebhooks,
    Webhook,
    WebhookDisabled,
    WebhookNotFound,
)
from touchstone.domains.webhooks.repository import WebhookRepository
from touchstone.domains.webhooks.schemas import (
    CreatedWebhook,
    Deliveries,
    DeliveryDetails,
    NewWebhook,
    SecretRotation,
    WebhookChanges,
    Webhooks,
    WebhookSecret,
)
from touchstone.domains.webhooks.service import WebhookService
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.paging import LARGEST_PAGE, decode_cursor, encode_cursor, next_link
from touchstone.http.row_ids import RowId

PageSize = Annotated[int, Meta(ge=1, le=LARGEST_PAGE)]
DeliveryId = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class WebhookController(Controller):
    path = "/api/v1/webhooks"
    tags = ["webhooks"]

    @post(
        guards=[requires("change_webhook")],
        responses=failures(AddressUnusable, EventUnknown, EventsNotYours, TooManyWebhooks, CallInFlight, ShownOnce),
    )
    async def create_webhook(
        self,
        data: JSONBody[NewWebhook],
        caller: NamedDependency[Caller],
        webhook_service: NamedDependency[WebhookService],
        idempotent_call: NamedDependency[IdempotentCall | None],
    ) -> CreatedWebhook:
        """Has somebody told of events by signed messages (Standard Webhooks); the answer shows the secret once."""
        return await webhook_service.create(data, caller, idempotent_call)

    @get(guards=[requires("view_webhook")])
    async def list_webhooks(self, webhooks: NamedDependency[WebhookRepository]) -> Webhooks:
        """All webhooks."""
        return Webhooks(items=await webhooks.list_all())

    @get("/{webhook_id:str}", guards=[requires("view_webhook")], responses=failures(WebhookNotFound))
    async def get_webhook(self, webhook_id: FromPath[RowId], webhooks: NamedDependency[WebhookRepository]) -> Webhook:
        """One webhook."""
        return await webhooks.get(webhook_id)

    @patch(
        "/{webhook_id:str}",
        guards=[requires("change_webhook")],
        responses=failures(WebhookNotFound, AddressUnusable, EventUnknown, EventsNotYours),
    )
    async def change_webhook(
        self,
        webhook_id: FromPath[RowId],
        data: JSONBody[WebhookChanges],
        caller: NamedDependency[Caller],
        webhook_service: NamedDependency[WebhookService],
    ) -> Webhook:
        """Changes what is given; enabling one forgets its failures."""
        return await webhook_service.change(webhook_id, data, caller)

    @delete("/{webhook_id:str}", guards=[requires("change_webhook")], responses=failures(WebhookNotFound))
    async def delete_webhook(
        self,
        webhook_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        webhook_service: NamedDependency[WebhookService],
    ) -> None:
        """Deletes a webhook with its deliveries."""
        await webhook_service.delete(webhook_id, caller)

    @post(
        "/{webhook_id:str}/secret/rotate",
        guards=[requires("change_webhook")],
        status_code=200,
        responses=failures(WebhookNotFound, TooManySecrets),
    )
    async def rotate_webhook_secret(
        self,
        webhook_id: FromPath[RowId],
        data: JSONBody[SecretRotation],
        caller: NamedDependency[Caller],
        webhook_service: NamedDependency[WebhookService],
    ) -> WebhookSecret:
        """Makes a new secret, shown once; the one before it signs beside it for a day, or as long as is said."""
        return await webhook_service.rotate_secret(webhook_id, data, caller)

    @post(
        "/{webhook_id:str}/ping", guards=[requires("change_webhook")], responses=failures(WebhookNotFound, CallInFlight)
    )
    async def ping_webhook(
        self,
        webhook_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        webhook_service: NamedDependency[WebhookService],
        idempotent_call: NamedDependency[IdempotentCall | None],
    ) -> Delivery:
        """Queues a test message, which is tried once; the delivery tells what came of it."""
        return await webhook_service.ping(webhook_id, caller, idempotent_call)


class WebhookDeliveryController(Controller):
    path = "/api/v1/webhooks/{webhook_id:str}/deliveries"
    tags = ["webhooks"]

    @get(guards=[requires("view_webhook")], responses=failures(WebhookNotFound))
    async def list_webhook_deliveries(
        self,
        webhook_id: FromPath[RowId],
        request: Request[Any, Any, Any],
        webhooks: NamedDependency[WebhookRepository],
        webhook_deliveries: NamedDependency[DeliveryRepository],
        status: FromQuery[DeliveryStatus | None] = None,
        limit: FromQuery[PageSize] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[Deliveries]:
        """What was sent or waits to be sent, newest first."""
        await webhooks.get(webhook_id)
        before = decode_cursor(cursor, int)[0] if cursor else None
        found = await webhook_deliveries.list_newest(webhook_id, status=status, before=before, limit=limit + 1)
        following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        headers = {"Link": next_link(str(request.url), following)} if following else {}
        return Response(Deliveries(items=found[:limit], next_cursor=following), headers=headers)

    @get(
        "/{delivery_id:str}",
        guards=[requires("view_webhook")],
        responses=failures(WebhookNotFound, DeliveryNotFound),
    )
    async def get_webhook_delivery(
        self,
        webhook_id: FromPath[RowId],
        delivery_id: FromPath[DeliveryId],
        caller: NamedDependency[Caller],
        webhook_service: NamedDependency[WebhookService],
    ) -> DeliveryDetails:
        """One delivery with its attempts."""
        return await webhook_service.details(webhook_id, delivery_id, caller)

    @post(
        "/{delivery_id:str}/replay",
        guards=[requires("change_webhook")],
        responses=failures(WebhookNotFound, DeliveryNotFound, WebhookDisabled, CallInFlight),
    )
    async def replay_webhook_delivery(
        self,
        webhook_id: FromPath[RowId],
        delivery_id: FromPath[DeliveryId],
        caller: NamedDependency[Caller],
        webhook_service: NamedDependency[WebhookService],
        idempotent_call: NamedDependency[IdempotentCall | None],
    ) -> Delivery:
        """Queues the message of a delivery once more, under the same message id."""
        return await webhook_service.replay(webhook_id, delivery_id, caller, idempotent_call)
