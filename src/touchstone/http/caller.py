"""Who asks."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from litestar.connection import ASGIConnection

from touchstone.http.request_ids import request_id

ANONYMOUS = "anonymous"


class Caller(msgspec.Struct, frozen=True):
    """`name` separates what belongs to one caller from everybody else's, idempotency keys for example."""

    name: str
    address: str | None
    request_id: str


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """The caller behind a connection: whom the authentication found, anonymous where there is none."""
    scope = cast("Mapping[str, Any]", connection.scope)
    user: object = scope.get("user")
    client = connection.client
    return Caller(ANONYMOUS if user is None else str(user), client.host if client else None, request_id(scope))
