"""Headers that tell browsers what an answer may not be used for."""

from collections.abc import Mapping

from touchstone.http.asgi import Header

YEAR_SECONDS = 31_536_000
PAGE_POLICY = (
    b"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
_PAGES: tuple[Header, ...] = ((b"content-security-policy", PAGE_POLICY), (b"x-frame-options", b"DENY"))


class SecurityHeaders:
    """`hsts_seconds` is how long browsers shall insist on https once they have seen it; 0: not at all."""

    def __init__(self, hsts_seconds: int = YEAR_SECONDS) -> None:
        self._over_https: tuple[Header, ...] = ()
        if hsts_seconds:
            self._over_https = ((b"strict-transport-security", b"max-age=%d" % hsts_seconds),)

    def missing(self, response_headers: Mapping[bytes, bytes], scheme: str) -> list[Header]:
        """What is to be added; a header that the handler has set stays as it is."""
        wanted = _ALWAYS
        if response_headers.get(b"content-type", b"").startswith(b"text/html"):
            wanted += _PAGES
        if scheme == "https":
            wanted += self._over_https
        return [header for header in wanted if header[0] not in response_headers]
