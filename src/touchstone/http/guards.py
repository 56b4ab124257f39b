"""Who may call a route. Every route names one of these; they run before anything of the request is converted."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from touchstone.errors import Forbidden, Unauthenticated
from touchstone.http.caller import caller_of

Connection = ASGIConnection[Any, Any, Any, Any]


class NotAuthenticated(Unauthenticated):
    """Not authenticated"""


class InsufficientPermissions(Forbidden):
    """Insufficient permissions"""


class NotForApplications(Forbidden):
    """Forbidden"""


class Access:
    """A Litestar guard that says of itself whom it lets in. Async, since Litestar calls any other in a thread."""

    permissions: tuple[str, ...] = ()

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Raises NotAuthenticated or InsufficientPermissions."""
        raise InsufficientPermissions


class Requires(Access):
    """Admins, and whoever holds all the permissions; 403 to everybody else, the anonymous included."""

    def __init__(self, *permissions: str) -> None:
        self.permissions = permissions

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        if not caller_of(connection).may(*self.permissions):
            raise InsufficientPermissions


class Anybody(Access):
    """No credentials asked: probes, the way in, links that carry their own signature."""

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        return None


class AnybodyUnlessRequired(Access):
    """Anybody, unless the installation requires authentication; then 401 to the anonymous."""

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        caller = caller_of(connection)
        if caller.is_authentication_required and caller.principal.is_anonymous:
            raise NotAuthenticated


class AUser(Access):
    """A signed-in user: 401 to the anonymous, 403 to applications."""

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        principal = caller_of(connection).principal
        if principal.is_anonymous:
            raise NotAuthenticated
        if principal.user_id is None:
            raise NotForApplications


class AnApplication(Access):
    """A caller with an API key; a session does not count."""

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        if caller_of(connection).principal.application_id is None:
            raise NotAuthenticated


def requires(*permissions: str) -> Requires:
    return Requires(*permissions)


anybody = Anybody()
anybody_unless_required = AnybodyUnlessRequired()
a_user = AUser()
an_application = AnApplication()
