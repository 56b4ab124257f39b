"""Who asks, and what they may do."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

import msgspec
from litestar.connection import ASGIConnection

from touchstone.database.visibility import EVERYTHING, Viewer
from touchstone.http.request_ids import request_id

Credential = Literal["none", "session", "key", "session and key"]


class Principal(msgspec.Struct, frozen=True):
    """Whom a request's credentials show: a user, an application, both, or nobody. Permissions are the union."""

    user_id: int | None = None
    user_name: str | None = None
    session_id: int | None = None
    application_id: int | None = None
    application_name: str | None = None
    key_id: int | None = None
    permissions: frozenset[str] = frozenset()
    team_ids: frozenset[int] = frozenset()
    is_admin: bool = False
    accepts_extensions: bool = False

    @property
    def credential(self) -> Credential:
        match self.user_id is not None, self.application_id is not None:
            case True, True:
                return "session and key"
            case True, False:
                return "session"
            case False, True:
                return "key"
            case _:
                return "none"

    @property
    def is_anonymous(self) -> bool:
        return self.user_id is None and self.application_id is None

    @property
    def name(self) -> str:
        """`user:{id}`, `application:{id}` or `anonymous`: separates what is one caller's from everybody else's."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return "anonymous" if self.application_id is None else f"application:{self.application_id}"


NOBODY = Principal()


class Caller(msgspec.Struct, frozen=True):
    """The principal with what else is known of the request. `open_permissions` need no principal at all."""

    principal: Principal = NOBODY
    address: str | None = None
    request_id: str | None = None
    open_permissions: frozenset[str] = frozenset()
    is_authentication_required: bool = False
    accepts_extensions: bool = False

    @property
    def name(self) -> str:
        return self.principal.name

    @property
    def viewer(self) -> Viewer:
        """What a thing that is not everyone's must belong to for him to see it; admins see everything."""
        principal = self.principal
        if principal.is_admin:
            return EVERYTHING
        user = [] if principal.user_id is None else [f"user:{principal.user_id}"]
        application = [] if principal.application_id is None else [f"application:{principal.application_id}"]
        return [*user, *application, *(f"team:{team_id}" for team_id in principal.team_ids)]

    def may(self, *permissions: str) -> bool:
        return self.principal.is_admin or set(permissions) <= self.principal.permissions | self.open_permissions

    def words_shown(
        self, every: tuple[str, ...], contract: tuple[str, ...], named: Iterable[str | None] = ()
    ) -> tuple[str, ...]:
        """Which words of a closed list an answer may hold.

        Clients made from the contract break on words that it lacks: those are for who asks for them or names one.
        """
        return every if self.accepts_extensions or not {word for word in named if word} <= {*contract} else contract


SYSTEM = Caller(Principal(user_name="touchstone", is_admin=True))
"""The command line and the worker."""


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """The caller behind a connection: whom the authentication found, nobody where there is none."""
    scope = cast("Mapping[str, Any]", connection.scope)
    user: object = scope.get("user")
    if isinstance(user, Caller):
        return user
    client = connection.client
    return Caller(address=client.host if client else None, request_id=request_id(scope))
