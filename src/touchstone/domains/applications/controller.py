"""`/applications`, and the keys of each."""

import datetime as dt

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from touchstone.domains.applications.model import (
    ApplicationExists,
    ApplicationNotFound,
    ApplicationUnknown,
    ExpiryOutOfRange,
)
from touchstone.domains.applications.repository import ApplicationRepository
from touchstone.domains.applications.schemas import (
    ApiKey,
    Application,
    ApplicationChanges,
    GraceSeconds,
    NewApplication,
)
from touchstone.domains.applications.service import ApplicationService
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall, ShownOnce
from touchstone.domains.permissions.model import PermissionNotHeld, permissions_shown
from touchstone.http.caller import Caller
from touchstone.http.guards import NotAuthenticated, an_application, anybody_unless_required, requires
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId

NO_STORE = {"Cache-Control": "no-store"}


class ApplicationController(Controller):
    path = "/api/v1/applications"
    tags = ["applications"]

    @post(
        guards=[requires("add_application")],
        operation_id="create_application_v1_applications_post",
        status_code=200,
        responses=failures(ApplicationExists, PermissionNotHeld, ExpiryOutOfRange, CallInFlight, ShownOnce),
    )
    async def create_application(
        self,
        data: JSONBody[NewApplication],
        caller: NamedDependency[Caller],
        application_service: NamedDependency[ApplicationService],
        idempotent_call: NamedDependency[IdempotentCall | None],
    ) -> Response[Application]:
        """Adds an application; this answer alone shows its key."""
        return Response(await application_service.create(caller, data, idempotent_call), headers=NO_STORE)

    @get(guards=[requires("view_application")], operation_id="get_applications_v1_applications_get")
    async def get_applications(
        self, caller: NamedDependency[Caller], applications: NamedDependency[ApplicationRepository]
    ) -> list[Application]:
        """All applications, their keys masked."""
        return await applications.list_all(permissions_shown(caller))

    @get(
        "/me",
        guards=[anybody_unless_required],
        operation_id="get_authenticated_application_v1_applications_me_get",
        responses=failures(NotAuthenticated),
    )
    async def get_authenticated_application(
        self, caller: NamedDependency[Caller], applications: NamedDependency[ApplicationRepository]
    ) -> Response[Application | None]:
        """The application whose key the request carries, null without one."""
        application_id = caller.principal.application_id
        found = None if application_id is None else await applications.find(application_id, permissions_shown(caller))
        return Response(found, media_type="application/json")

    @post(
        "/me/rotate",
        guards=[an_application],
        operation_id="rotate_own_api_key_v1_applications_me_rotate_post",
        status_code=200,
        responses=failures(NotAuthenticated),
    )
    async def rotate_own_api_key(
        self,
        caller: NamedDependency[Caller],
        application_service: NamedDependency[ApplicationService],
        grace_seconds: FromQuery[GraceSeconds] = 0,
    ) -> Response[Application]:
        """Puts a new key in the place of the one that calls, which lives on for the grace."""
        rotated = await application_service.rotate_own(caller, grace_seconds=grace_seconds)
        return Response(rotated, headers=NO_STORE)

    @get(
        "/{application_id:str}",
        guards=[requires("view_application")],
        operation_id="get_application_v1_applications__application_id__get",
        responses=failures(ApplicationNotFound),
    )
    async def get_application(
        self,
        application_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        applications: NamedDependency[ApplicationRepository],
    ) -> Application:
        """One application, its key masked."""
        return await applications.get(application_id, permissions_shown(caller))

    @patch(
        "/{application_id:str}",
        guards=[requires("change_application")],
        operation_id="update_application_v1_applications__application_id__patch",
        responses=failures(ApplicationUnknown, PermissionNotHeld),
    )
    async def update_application(
        self,
        application_id: FromPath[RowId],
        data: JSONBody[ApplicationChanges],
        caller: NamedDependency[Caller],
        application_service: NamedDependency[ApplicationService],
    ) -> Application:
        """Changes what an application may do."""
        return await application_service.change(caller, application_id, data)

    @delete(
        "/{application_id:str}",
        guards=[requires("change_application")],
        operation_id="delete_application_v1_applications__application_id__delete",
        responses=failures(),
    )
    async def delete_application(
        self,
        application_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        application_service: NamedDependency[ApplicationService],
    ) -> None:
        """Deletes an application with its keys; an unknown one is no error."""
        await application_service.delete(caller, application_id)

    @post(
        "/{application_id:str}/rotate",
        guards=[requires("change_application")],
        operation_id="rotate_api_key_v1_applications__application_id__rotate_post",
        status_code=200,
        responses=failures(ApplicationNotFound, PermissionNotHeld, ExpiryOutOfRange),
    )
    async def rotate_api_key(
        self,
        application_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        application_service: NamedDependency[ApplicationService],
        grace_seconds: FromQuery[GraceSeconds] = 0,
        expires_at: FromQuery[dt.datetime | None] = None,
    ) -> Response[Application]:
        """Makes a new key; the old one dies at once, or after the grace."""
        rotated = await application_service.rotate(
            caller, application_id, grace_seconds=grace_seconds, expires_at=expires_at
        )
        return Response(rotated, headers=NO_STORE)

    @get(
        "/{application_id:str}/keys",
        guards=[requires("view_application")],
        responses=failures(ApplicationNotFound),
    )
    async def list_api_keys(
        self, application_id: FromPath[RowId], applications: NamedDependency[ApplicationRepository]
    ) -> list[ApiKey]:
        """The keys of an application, newest first: masked, with their expiry and last use."""
        return await applications.list_keys(application_id)

    @delete(
        "/{application_id:str}/keys/{key_id:str}",
        guards=[requires("change_application")],
        responses=failures(),
    )
    async def revoke_api_key(
        self,
        application_id: FromPath[RowId],
        key_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        application_service: NamedDependency[ApplicationService],
    ) -> None:
        """Makes a key useless at once; an unknown one is no error."""
        await application_service.revoke_key(caller, application_id, key_id)
