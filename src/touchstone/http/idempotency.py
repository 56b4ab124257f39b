"""The `Idempotency-Key` header as a handler's dependency."""

import hashlib
from typing import Any, Protocol

from litestar import Request

from touchstone.errors import InvalidValue
from touchstone.http.caller import caller_of

LONGEST_KEY = 255


class KeyedCall(Protocol):
    """How a call is made of its parts; the noun `idempotent_requests` has the struct."""

    def __call__(self, *, caller: str, route: str, key: str, body_digest: bytes) -> Any: ...


async def keyed_call(request: Request[Any, Any, Any], make: KeyedCall) -> Any:
    """None without the header. The body's digest is empty for multipart bodies, which are not read here."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or "\x00" in key:
        raise InvalidValue(
            location=("header", "Idempotency-Key"), reason=f"Give between 1 and {LONGEST_KEY} characters", value=key
        )
    is_multipart = request.headers.get("content-type", "").startswith("multipart/")
    body = b"" if is_multipart else await request.body()
    route = f"{request.method} {request.url.path.rstrip('/')}"
    return make(caller=caller_of(request).name, route=route, key=key, body_digest=hashlib.sha256(body).digest())
