"""Which pages of other origins may call the API: the Fetch standard's protocol, in the words that clients know."""

import re
from collections.abc import Iterable, Mapping

from touchstone.http.asgi import Header, Send, answer

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
EXPOSED_HEADERS = b"Location, Link, ETag, Touchstone-Approvals, X-Request-Id, Retry-After"
PREFLIGHT_SECONDS = 600
_ALLOWED_METHODS = ", ".join(METHODS).encode()
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, \t-]{1,1024}")


class Cors:
    """Origins such as `https://app.example.org`; with `*` every origin may read, but without the user's credentials.

    An origin that is allowed by `*` could otherwise act with the cookies of whoever visits it.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        names = {origin.rstrip("/") for origin in origins}
        self._any = "*" in names
        self._origins = frozenset(name.encode("latin-1") for name in names)

    @staticmethod
    def is_preflight(method: str, request_headers: Mapping[bytes, bytes]) -> bool:
        return (
            method == "OPTIONS" and b"origin" in request_headers and b"access-control-request-method" in request_headers
        )

    async def answer_preflight(self, request_headers: Mapping[bytes, bytes], send: Send) -> None:
        """200 `OK`, or 400 that names what is refused."""
        refused = self._refused(request_headers)
        headers = self._preflight_headers(request_headers, is_refused=bool(refused))
        if refused:
            body = f"Disallowed CORS {', '.join(refused)}".encode()
            await answer(send, 400, b"text/plain; charset=utf-8", body, headers)
        else:
            await answer(send, 200, b"text/plain; charset=utf-8", b"OK", headers)

    def response_headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """What an answer other than a preflight's carries for this origin, Vary left out."""
        if origin is None:
            return ()
        if not self.allows(origin):
            return () if self._any else ((b"access-control-allow-credentials", b"true"),)
        return (*self._permission(origin), (b"access-control-expose-headers", EXPOSED_HEADERS))

    @property
    def varies(self) -> bool:
        """Whether answers depend on the origin."""
        return not self._any

    def allows(self, origin: bytes) -> bool:
        return self._any or origin in self._origins

    def _refused(self, request_headers: Mapping[bytes, bytes]) -> list[str]:
        method = request_headers[b"access-control-request-method"].decode("latin-1")
        checks = {
            "origin": self.allows(request_headers[b"origin"]),
            "method": method in METHODS,
            "headers": _HEADER_NAMES.fullmatch(request_headers.get(b"access-control-request-headers", b"x"))
            is not None,
        }
        return [name for name, passes in checks.items() if not passes]

    def _preflight_headers(self, request_headers: Mapping[bytes, bytes], *, is_refused: bool) -> list[Header]:
        origin = request_headers[b"origin"]
        headers = list(self._permission(origin)) if self.allows(origin) else []
        if not headers and not self._any:
            headers.append((b"access-control-allow-credentials", b"true"))
        headers += [
            (b"access-control-allow-methods", _ALLOWED_METHODS),
            (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
        ]
        if not is_refused and (asked := request_headers.get(b"access-control-request-headers")):
            headers.append((b"access-control-allow-headers", asked))
        return headers

    def _permission(self, origin: bytes) -> tuple[Header, ...]:
        if self._any:
            return ((b"access-control-allow-origin", b"*"),)
        return ((b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true"))
