"""What Litestar computes anew for each request, and need not: seen in profiles of reads that take a third of a
millisecond. Litestar's minor version is pinned."""

from functools import lru_cache
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler

MOST_HANDLERS = 2048


def take_shortcuts(handler: HTTPRouteHandler) -> None:
    """To be called once all is registered."""
    if not isinstance(handler, Quick):
        handler.__class__ = _quick(type(handler))


class Quick:
    """Gives guards the handler itself, not a copy each, and looks exception handlers up once."""

    __slots__ = ()

    async def authorize_connection(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        for guard in cast("Any", self).resolve_guards():
            await guard(connection, self)

    def resolve_exception_handlers(self) -> Any:
        return _exception_handlers(self)


@lru_cache
def _quick(kind: type[HTTPRouteHandler]) -> type[HTTPRouteHandler]:
    """Of each of Litestar's decorators: `get`, `post` and so on are classes of their own."""
    return type(kind.__name__, (Quick, kind), {"__slots__": ()})


@lru_cache(MOST_HANDLERS)
def _exception_handlers(handler: Any) -> Any:
    return HTTPRouteHandler.resolve_exception_handlers(handler)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
