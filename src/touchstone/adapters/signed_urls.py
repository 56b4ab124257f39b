"""Download links that need no other credentials: signed by us, checked by us, good for a while."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import quote, urlencode

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
        self._expiry = dt.timedelta(seconds=expiry_seconds)

    def sign(self, key: str, filename: str | None = None, *, now: dt.datetime | None = None) -> str:
        """The whole URL. `filename` is what the browser saves the object as."""
        expires = int(((now or dt.datetime.now(dt.UTC)) + self._expiry).timestamp())
        query = {"expires": str(expires), "key_id": self._signing}
        if filename:
            query["filename"] = filename
        query["signature"] = _signature(self._keys[self._signing], key, expires, filename)
        return f"{self._base_url}{PATH}{quote(key)}?{urlencode(query, quote_via=quote)}"

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
    return hmac.new(secret, signed, hashlib.sha256).hexdigest()


def _name_of(secret: bytes) -> str:
    return hmac.new(secret, b"name of the key", hashlib.sha256).hexdigest()[:8]


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))
