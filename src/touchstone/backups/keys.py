"""Which keys a backup needs: told by fingerprints, or written beside it where that is asked for."""

import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from touchstone.backups.manifest import KEYS, KeyPrints
from touchstone.errors import Conflict

# about 50 ms a key (RFC 7914): signing keys may be words that somebody has thought of
_COST, _BLOCK_SIZE, _PARALLEL = 2**14, 8, 1
_SALT_BYTES = 16
_PRINT_BYTES = 12

Keys = Mapping[str, Sequence[str]]
"""The keys in clear, by the name of their variable."""


class KeysMissing(Conflict):
    """The settings lack keys of the backup: {lacking}. {remedy}"""


def prints_of(keys: Keys, *, is_included: bool) -> KeyPrints:
    salt = secrets.token_bytes(_SALT_BYTES)
    prints = {name: [_print(key, salt) for key in values] for name, values in keys.items()}
    return KeyPrints(salt=salt.hex(), prints=prints, is_included=is_included)


def lacking(needed: KeyPrints, held: Keys) -> dict[str, list[int]]:
    """Places, from 1, of the keys that are needed and not held; variables of which none lacks are left out."""
    salt = bytes.fromhex(needed.salt)
    here = {name: {_print(key, salt) for key in values} for name, values in held.items()}
    places = {
        name: [place for place, one in enumerate(prints, 1) if one not in here.get(name, set())]
        for name, prints in needed.prints.items()
    }
    return {name: found for name, found in places.items() if found}


def require_keys_of(folder: Path, needed: KeyPrints, held: Keys) -> None:
    """Raises KeysMissing."""
    missing = lacking(needed, held)
    if not missing:
        return
    words = "; ".join(
        f"{name} number {', '.join(map(str, places))} of {len(needed.prints[name])}" for name, places in missing.items()
    )
    if needed.is_included:
        remedy = f"Put the lines of {folder / KEYS} into .env."
    else:
        remedy = "Add them behind the keys of these settings, or lose what they protect with --accept-lost-keys."
    raise KeysMissing(lacking=words, remedy=remedy)


def write_keys(folder: Path, keys: Keys) -> None:
    """As lines of a `.env`, for its owner's eyes only."""
    descriptor = os.open(folder / KEYS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        for name, values in keys.items():
            file.write(f"{name}={','.join(values)}\n")


def _print(key: str, salt: bytes) -> str:
    made = hashlib.scrypt(
        key.encode(), salt=salt, n=_COST, r=_BLOCK_SIZE, p=_PARALLEL, maxmem=2**26, dklen=_PRINT_BYTES
    )
    return made.hex()
