"""`/users`."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from touchstone.domains.permissions.model import permissions_shown
from touchstone.domains.users.model import LastAdministrator, OnlyAdministrators, UserNotFound
from touchstone.domains.users.repository import UserRepository
from touchstone.domains.users.schemas import ErasedUser, Offset, PageSize, User, UserChanges, UserPage
from touchstone.domains.users.service import UserService
from touchstone.http.caller import Caller
from touchstone.http.guards import NotAuthenticated, anybody_unless_required, requires
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId


class UserController(Controller):
    path = "/api/v1/users"
    tags = ["users"]

    @get(guards=[requires("view_user")], operation_id="get_users_v1_users_get")
    async def get_users(
        self,
        caller: NamedDependency[Caller],
        users: NamedDependency[UserRepository],
        limit: FromQuery[PageSize] = 50,
        offset: FromQuery[Offset] = 0,
        q: FromQuery[str | None] = None,
    ) -> UserPage:
        """Users by name; each word of `q` must be in the e-mail address, the name or the handle, or be the id."""
        words = (q or "").split()
        return await users.search(words, limit=limit, offset=offset, shown=permissions_shown(caller))

    @get(
        "/me",
        guards=[anybody_unless_required],
        operation_id="get_authenticated_user_v1_users_me_get",
        responses=failures(NotAuthenticated),
    )
    async def get_authenticated_user(
        self, caller: NamedDependency[Caller], users: NamedDependency[UserRepository]
    ) -> Response[User | None]:
        """The user who asks, null when nobody is signed in."""
        user_id = caller.principal.user_id
        if user_id is None and caller.is_authentication_required:
            raise NotAuthenticated
        user = None if user_id is None else await users.find(user_id, permissions_shown(caller))
        return Response(user, media_type="application/json")

    @get(
        "/{user_id:str}",
        guards=[requires("view_user")],
        operation_id="get_user_v1_users__user_id__get",
        responses=failures(UserNotFound),
    )
    async def get_user(
        self, user_id: FromPath[RowId], caller: NamedDependency[Caller], users: NamedDependency[UserRepository]
    ) -> User:
        """One user with his teams."""
        return await users.get(user_id, permissions_shown(caller))

    @patch(
        "/{user_id:str}",
        guards=[requires("change_user")],
        operation_id="update_user_v1_users__user_id__patch",
        responses=failures(UserNotFound, OnlyAdministrators, LastAdministrator),
    )
    async def update_user(
        self,
        user_id: FromPath[RowId],
        data: JSONBody[UserChanges],
        caller: NamedDependency[Caller],
        user_service: NamedDependency[UserService],
    ) -> User:
        """Makes or unmakes an administrator; only administrators may."""
        return await user_service.change(caller, user_id, data)

    @delete(
        "/{user_id:str}",
        guards=[requires("change_user")],
        operation_id="delete_user_v1_users__user_id__delete",
        responses=failures(OnlyAdministrators, LastAdministrator),
    )
    async def delete_user(
        self, user_id: FromPath[RowId], caller: NamedDependency[Caller], user_service: NamedDependency[UserService]
    ) -> None:
        """Deletes a user with his memberships, sessions and notifications; an unknown one is no error."""
        await user_service.delete(caller, user_id)

    @post(
        "/{user_id:str}/erase",
        status_code=200,
        guards=[requires("erase_user")],
        responses=failures(OnlyAdministrators, LastAdministrator),
    )
    async def erase_user(
        self, user_id: FromPath[RowId], caller: NamedDependency[Caller], user_service: NamedDependency[UserService]
    ) -> ErasedUser:
        """Deletes a user and every name of his; what he did and decided stays under a pseudonym."""
        return await user_service.erase(caller, user_id)
