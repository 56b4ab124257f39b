"""`/audit-events`."""

import datetime as dt
from typing import Annotated, Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Meta

from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.audit_events.schemas import AuditEvents
from touchstone.http.guards import requires
from touchstone.http.paging import LARGEST_PAGE, decode_cursor, encode_cursor, next_link

PageSize = Annotated[int, Meta(ge=1, le=LARGEST_PAGE)]
Actor = Annotated[str, Meta(description="`user:{id}`, `application:{id}`, `anonymous` or `touchstone`.")]
Subject = Annotated[str, Meta(description="`{noun}:{id}`, such as `team:5`.")]


class AuditEventController(Controller):
    path = "/api/v1/audit-events"
    tags = ["audit"]

    @get(guards=[requires("view_audit_event")])
    async def list_audit_events(
        self,
        request: Request[Any, Any, Any],
        audit_events: NamedDependency[AuditRepository],
        actor: FromQuery[Actor | None] = None,
        subject: FromQuery[Subject | None] = None,
        action: FromQuery[str | None] = None,
        since: FromQuery[dt.datetime | None] = None,
        until: FromQuery[dt.datetime | None] = None,
        limit: FromQuery[PageSize] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[AuditEvents]:
        """Who changed what, newest first; from `since` on, before `until`."""
        before: Any = decode_cursor(cursor, dt.datetime, int) if cursor else None
        found = await audit_events.list_newest(
            actor=actor, subject=subject, action=action, since=since, until=until, before=before, limit=limit + 1
        )
        last = found[limit - 1] if len(found) > limit else None
        following = encode_cursor(last.at, last.id) if last else None
        headers = {"Link": next_link(str(request.url), following)} if following else {}
        return Response(AuditEvents(items=found[:limit], next_cursor=following), headers=headers)
