"""`/issue-orders`."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from touchstone.adapters.issue_tracker import NotConfigured
from touchstone.adapters.tracker_urls import UnrecognizedIssueUrl
from touchstone.domains.issue_orders.model import IssueOrderNotFound, OrderStatus, ResultNotFound, ResultPassed
from touchstone.domains.issue_orders.repository import IssueOrderRepository
from touchstone.domains.issue_orders.schemas import IssueOrder, IssueOrders, NewIssueOrder
from touchstone.domains.issue_orders.service import IssueOrderService
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.paging import LARGEST_PAGE, decode_cursor, encode_cursor, next_link
from touchstone.http.row_ids import RowId

PageSize = Annotated[int, Meta(ge=1, le=LARGEST_PAGE)]
ResultId = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class IssueOrderController(Controller):
    path = "/api/v1/issue-orders"
    tags = ["issues"]

    @post(
        guards=[requires("change_issue", "change_issue_attachment")],
        status_code=202,
        responses=failures(NotConfigured, UnrecognizedIssueUrl, ResultNotFound, ResultPassed),
    )
    async def order_issue(
        self,
        data: JSONBody[NewIssueOrder],
        caller: NamedDependency[Caller],
        issue_order_service: NamedDependency[IssueOrderService],
    ) -> IssueOrder:
        """Has a worker make an issue of a result in a tracker, and attach it; once, however often it is asked for."""
        return await issue_order_service.order(caller, data)

    @get(guards=[requires("view_issue")])
    async def list_issue_orders(
        self,
        request: Request[Any, Any, Any],
        issue_orders: NamedDependency[IssueOrderRepository],
        test_result_id: FromQuery[ResultId | None] = None,
        status: FromQuery[OrderStatus | None] = None,
        limit: FromQuery[PageSize] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[IssueOrders]:
        """What is to be made, was made, or could not be; newest first."""
        before = decode_cursor(cursor, int)[0] if cursor else None
        found = await issue_orders.list_newest(result_id=test_result_id, status=status, before=before, limit=limit + 1)
        following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        headers = {"Link": next_link(str(request.url), following)} if following else {}
        return Response(IssueOrders(items=found[:limit], next_cursor=following), headers=headers)

    @get("/{order_id:str}", guards=[requires("view_issue")], responses=failures(IssueOrderNotFound))
    async def get_issue_order(
        self, order_id: FromPath[RowId], issue_orders: NamedDependency[IssueOrderRepository]
    ) -> IssueOrder:
        """How far an issue is that was ordered."""
        return await issue_orders.get(order_id)
