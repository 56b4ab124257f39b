"""One id per request: taken from the client when it is harmless, made otherwise."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from touchstone.http.asgi import Scope

HEADER = b"x-request-id"
_HARMLESS = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


def choose_request_id(offered: bytes | None) -> str:
    """The offered id when its characters and length can go into logs and headers, else 32 random hex digits."""
    if offered is not None and _HARMLESS.fullmatch(offered):
        return offered.decode("ascii")
    return secrets.token_hex(16)


def set_request_id(scope: Scope, request_id: str) -> None:
    # a copy, because servers may hand every request the same state of the lifespan
    scope["state"] = {**(scope.get("state") or {}), "request_id": request_id}


def request_id(scope: Mapping[str, Any]) -> str:
    """The id of the request; empty where the edge has not seen it."""
    state: Mapping[str, Any] = scope.get("state") or {}
    return state.get("request_id", "")
