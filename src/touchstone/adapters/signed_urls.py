"""Download links that need no other credentials: signed by us, checked by us, good for a while."""

import datetime as dt
import hmac
import time
from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from touchstone.errors import Forbidden

PATH = "/api/v1/objects/"


class LinkExpired(Forbidden):
    """This download link has expired; please ask for a new one."""


class LinkForged(Forbidden):
    """This download link was not signed by this service."""


class SignedUrls:
    """HMAC-SHA256 over key, expiry and file name. The first key signs; all of them are accepted, so that a key is
    replaced by putting a new one before it and dropping it once its last link has expired."""

    def __init__(self, base_url: str, keys: Sequence[bytes], *, expiry_seconds: int = 3600) -> None:
        if not keys or any(len(key) < 16 for key in keys):
            raise ValueError("download links need at least one signing key of 16 bytes or more")
        self._base_url = base_url.rstrip("/")
        self._keys = {_name_of(key): key for key in keys}
        self._signing = _name_of(keys[0])
        self._expiry_seconds = expiry_seconds

    def sign(self, key: str, filename: str | None = None, *, now: dt.datetime | None = None) -> str:
        """The whole URL. `filename` is what the browser saves the object as."""
        expires = int((now.timestamp() if now else time.time()) + self._expiry_seconds)
        named = f"&filename={quote(filename, safe='')}" if filename else ""
        signature = _signature(self._keys[self._signing], key, expires, filename)
        query = f"expires={expires}&key_id={self._signing}{named}&signature={signature}"
        return f"{self._base_url}{PATH}{quote(key)}?{query}"

    def verify(
        self, key: str, expires: int, filename: str | None, key_id: str, signature: str, now: dt.datetime
    ) -> None:
        """Raises LinkForged or LinkExpired."""
        secret = self._keys.get(key_id)
        if secret is None or not _same(_signature(secret, key, expires, filename), signature):
            raise LinkForged
        if now.timestamp() >= expires:
            raise LinkExpired


def _signature(secret: bytes, key: str, expires: int, filename: str | None) -> str:
    """JSON keeps the three apart: no two different links have the same text to sign."""
    signed = msgspec.json.encode(["download", key, str(expires), filename or ""])
    return hmac.digest(secret, signed, "sha256").hex()


def _name_of(secret: bytes) -> str:
    return hmac.digest(secret, b"name of the key", "sha256").hex()[:8]


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))
