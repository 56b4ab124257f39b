"""Provider keys that jobs use and nobody reads."""

import msgspec

from touchstone.errors import Conflict, Refused


class Secret(msgspec.Struct, frozen=True):
    """Exactly these two keys: the published client refuses more."""

    name: str
    description: str


class SealedSecret(msgspec.Struct, frozen=True):
    name: str
    value: bytes
    allowed_hosts: list[str]


class SecretNotFound(Refused):
    """Secret with ID {name} not found"""


class SecretNameTaken(Conflict):
    """The name {name} is taken by a secret that you may not see; choose another"""
