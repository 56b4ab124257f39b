"""Tokens that only their holder knows: random, shown once, kept as digests."""

import hashlib
import secrets

KEY_PREFIX = "to_"
TOKEN_BYTES = 32


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_api_key() -> str:
    """`to_` and 43 characters, as the contract shows keys."""
    return KEY_PREFIX + new_token()


def digest_of(token: str) -> bytes:
    """SHA-256: the tokens are random, so that nothing slower is needed."""
    return hashlib.sha256(token.encode()).digest()


def masked(key: str) -> str:
    """Enough to tell two keys apart, too little to use."""
    return f"{key[:6]}…{key[-4:]}"
