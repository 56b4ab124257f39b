"""`/periodic-work`."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from touchstone.domains.periodic_work.model import (
    PeriodicWork,
    PeriodicWorkDisabled,
    PeriodicWorkNotFound,
    PeriodicWorkUnregistered,
)
from touchstone.domains.periodic_work.repository import PeriodicWorkRepository
from touchstone.domains.periodic_work.schemas import PeriodicRuns, PeriodicWorkList
from touchstone.domains.periodic_work.service import PeriodicWorkService
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.paging import LARGEST_PAGE, decode_cursor, encode_cursor, next_link

PageSize = Annotated[int, Meta(ge=1, le=LARGEST_PAGE)]
WorkName = Annotated[str, Meta(min_length=1, max_length=200)]


class PeriodicWorkController(Controller):
    path = "/api/v1/periodic-work"
    tags = ["periodic-work"]

    @get(guards=[requires("view_periodic_work")])
    async def list_periodic_work(self, periodic_work: NamedDependency[PeriodicWorkRepository]) -> PeriodicWorkList:
        """What workers do again and again, each with its last run."""
        return PeriodicWorkList(items=await periodic_work.list_all())

    @get("/{name:str}/runs", guards=[requires("view_periodic_work")], responses=failures(PeriodicWorkNotFound))
    async def list_periodic_runs(
        self,
        name: FromPath[WorkName],
        request: Request[Any, Any, Any],
        periodic_work: NamedDependency[PeriodicWorkRepository],
        limit: FromQuery[PageSize] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[PeriodicRuns]:
        """When it was done and what came of it, newest first."""
        await periodic_work.get(name)
        before = decode_cursor(cursor, int)[0] if cursor else None
        found = await periodic_work.list_newest_runs(name, before=before, limit=limit + 1)
        following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        headers = {"Link": next_link(str(request.url), following)} if following else {}
        return Response(PeriodicRuns(items=found[:limit], next_cursor=following), headers=headers)

    @post(
        "/{name:str}/runs",
        guards=[requires("change_periodic_work")],
        status_code=202,
        responses=failures(PeriodicWorkNotFound, PeriodicWorkDisabled, PeriodicWorkUnregistered),
    )
    async def trigger_periodic_work(
        self,
        name: FromPath[WorkName],
        caller: NamedDependency[Caller],
        periodic_work_service: NamedDependency[PeriodicWorkService],
    ) -> PeriodicWork:
        """Has a worker do it soon, whether it is due or not; asking again before it has begun changes nothing."""
        return await periodic_work_service.trigger(caller, name)
