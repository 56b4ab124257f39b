"""What Litestar computes anew for each request, and need not: seen in profiles of reads that take a third of a
millisecond. Litestar's minor version is pinned."""

from functools import lru_cache
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler

EXCEPTION_HANDLERS = "_found_exception_handlers"


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
        # kept with the handler, and gone with it: a cache beside it would hold on to every application there ever was
        kept = vars(self)
        if EXCEPTION_HANDLERS not in kept:
            kept[EXCEPTION_HANDLERS] = cast("Any", super()).resolve_exception_handlers()
        return kept[EXCEPTION_HANDLERS]


@lru_cache
def _quick(kind: type[HTTPRouteHandler]) -> type[HTTPRouteHandler]:
    """Of each of Litestar's decorators: `get`, `post` and so on are classes of their own."""
    return type(kind.__name__, (Quick, kind), {"__slots__": ()})
