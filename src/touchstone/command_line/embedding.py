"""Starts embedded parts and writes into the settings where they are."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from touchstone.command_line.console import Tell
from touchstone.embedded.parts import EmbeddedParts, embedded_parts
from touchstone.setting_values import Secret
from touchstone.settings import Settings


@asynccontextmanager
async def embedding(settings: Settings, *, postgres: bool, ray: bool, tell: Tell) -> AsyncGenerator[Settings]:
    """Raises DirectoryHeld, DirectoryUnusable and PartFailed."""
    async with embedded_parts(settings.data_dir, postgres=postgres, ray=ray, say=tell) as parts:
        yield _completed(settings, parts)


def _completed(settings: Settings, parts: EmbeddedParts) -> Settings:
    found = {
        "database_url": _secret(parts.database_url),
        "database_owner_url": _secret(parts.database_owner_url),
        "ray_url": parts.ray_url,
        "ray_token": _secret(parts.ray_token),
        "store_dir": parts.store_directory,
        "url_signing_keys": (Secret(parts.signing_key),),
    }
    unset = {name: value for name, value in found.items() if value is not None and not getattr(settings, name)}
    return msgspec.structs.replace(settings, data_dir=parts.directory, **unset)


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)
