"""Keys at work: secrets at rest, and the tickets with which job attempts fetch theirs."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from touchstone.errors import Failure


class KeysUnusable(Failure):
    """TOUCHSTONE_SECRET_KEYS must be a comma-separated list of Fernet keys; `touchstone secret-key` makes one."""


class SecretUnreadable(Failure):
    """The secret was encrypted with a key that is not in TOUCHSTONE_SECRET_KEYS any more; store it again."""


class Vault:
    """Authenticated encryption with rotation: the first key encrypts, all decrypt (Fernet specification)."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise KeysUnusable from error
        self._ticket_keys = [_derived(b"ticket:", key) for key in keys]
        self._signing_keys = [_derived(b"signature:", key) for key in keys]

    def encrypt(self, value: str) -> bytes:
        return self._fernet.encrypt(value.encode())

    def decrypt(self, token: bytes) -> str:
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise SecretUnreadable from None

    def ticket(self, subject: str) -> str:
        """The same for the same subject, so that submitting an attempt twice hands out one ticket."""
        return _sign(self._ticket_keys[0], subject)

    def is_ticket(self, token: str, subject: str) -> bool:
        shown = token.encode(errors="replace")
        return any(hmac.compare_digest(_sign(key, subject).encode(), shown) for key in self._ticket_keys)

    def signature(self, text: str) -> bytes:
        """HMAC-SHA256 (32 bytes), to tell later that the text came from us."""
        return _mac(self._signing_keys[0], text).digest()

    def is_signature(self, text: str, signature: bytes) -> bool:
        return any(hmac.compare_digest(_mac(key, text).digest(), signature) for key in self._signing_keys)


def _derived(purpose: bytes, key: str) -> bytes:
    return hashlib.sha256(purpose + base64.urlsafe_b64decode(key)).digest()


def _sign(key: bytes, subject: str) -> str:
    return _mac(key, subject).hexdigest()


def _mac(key: bytes, text: str) -> hmac.HMAC:
    return hmac.new(key, text.encode(), hashlib.sha256)
