"""Starts embedded parts and writes into the settings where they are."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from touchstone.command_line.console import Tell
from touchstone.embedded.account import unprivileged_account
from touchstone.embedded.directory import DataDirectory, DirectoryHeld, choose_directory, silent
from touchstone.embedded.parts import EmbeddedParts, embedded_parts
from touchstone.embedded.postgres import EmbeddedPostgres, find_binaries
from touchstone.embedded.state import load_credentials, load_ports
from touchstone.setting_values import Secret
from touchstone.settings import Settings


@asynccontextmanager
async def embedding(settings: Settings, *, postgres: bool, ray: bool, tell: Tell) -> AsyncGenerator[Settings]:
    """Raises DirectoryHeld, DirectoryUnusable and PartFailed."""
    async with embedded_parts(settings.data_dir, postgres=postgres, ray=ray, say=tell) as parts:
        yield _completed(settings, parts)


@asynccontextmanager
async def shared_database(settings: Settings) -> AsyncGenerator[tuple[Settings, bool]]:
    """Settings that name the embedded Postgres, and whether it was started for the purpose: a service may run on it."""
    async with AsyncExitStack() as stack:
        try:
            complete = await stack.enter_async_context(embedding(settings, postgres=True, ray=False, tell=silent))
        except DirectoryHeld:
            yield _completed(settings, _parts_elsewhere(settings.data_dir)), False
        else:
            yield complete, True


def running_elsewhere(data_dir: Path) -> EmbeddedPostgres:
    """The embedded Postgres of another process that holds the directory."""
    directory = _chosen(data_dir)
    binaries = find_binaries(unprivileged_account(), directory.binaries)
    return EmbeddedPostgres(load_ports(directory).postgres or 0, binaries.folder, load_credentials(directory))


def _parts_elsewhere(data_dir: Path) -> EmbeddedParts:
    """Without Ray."""
    directory, postgres = _chosen(data_dir), running_elsewhere(data_dir)
    return EmbeddedParts(
        directory=directory.path,
        store_directory=directory.objects,
        signing_key=postgres.credentials.signing_key,
        database_owner_url=postgres.owner_url,
        database_url=postgres.service_url,
        postgres_binaries=postgres.binaries,
    )


def _chosen(data_dir: Path) -> DataDirectory:
    """As another process holds it."""
    return DataDirectory(choose_directory(data_dir, unprivileged_account().can_traverse))


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
