"""Postgres, Ray and a place for objects, as many of them as are asked for, under one data directory."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from touchstone.embedded.directory import DEFAULT_DIRECTORY, DataDirectory, Say, hold_directory, silent
from touchstone.embedded.guard import guarded
from touchstone.embedded.postgres import EmbeddedPostgres, running_postgres
from touchstone.embedded.ray_cluster import EmbeddedRay, running_ray
from touchstone.embedded.state import load_credentials

Part = TypeVar("Part")
Other = TypeVar("Other")


class EmbeddedParts(msgspec.Struct, frozen=True):
    """Where the parts are and what lets one in; None for those that were not asked for.

    `signing_key` is 48 hexadecimal digits, the same for every start in the directory. `postgres_binaries` is the
    folder of `psql` and `pg_dump`.
    """

    directory: Path
    store_directory: Path
    signing_key: str
    database_owner_url: str | None = None
    database_url: str | None = None
    postgres_binaries: Path | None = None
    ray_url: str | None = None
    ray_token: str | None = None


@asynccontextmanager
async def embedded_parts(
    directory: Path = DEFAULT_DIRECTORY,
    *,
    postgres: bool,
    ray: bool,
    durable: bool = True,
    ray_cpus: int | None = None,
    ray_environment: Mapping[str, str] | None = None,
    say: Say = silent,
) -> AsyncGenerator[EmbeddedParts]:
    """Starts what is asked for, at once, and ends it however this process ends (see `guard`).

    Raises DirectoryHeld when another process uses the directory, PartFailed and DirectoryUnusable.
    """
    async with hold_directory(directory, say) as held, guarded(held.path), AsyncExitStack() as stack:
        say(f"Data directory: {held.path}")
        wanted_postgres = running_postgres(held, durable=durable) if postgres else None
        wanted_ray = running_ray(held, cpus=ray_cpus, environment=ray_environment) if ray else None
        yield _described(held, *await _start_together(stack, wanted_postgres, wanted_ray))


async def _start_together(
    stack: AsyncExitStack,
    first: AbstractAsyncContextManager[Part] | None,
    second: AbstractAsyncContextManager[Other] | None,
) -> tuple[Part | None, Other | None]:
    """One that fails ends the start of the other; what did start is the stack's to end."""
    try:
        async with asyncio.TaskGroup() as group:
            one = group.create_task(_enter(stack, first))
            other = group.create_task(_enter(stack, second))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return one.result(), other.result()


async def _enter(stack: AsyncExitStack, part: AbstractAsyncContextManager[Part] | None) -> Part | None:
    return None if part is None else await stack.enter_async_context(part)


def _described(held: DataDirectory, postgres: EmbeddedPostgres | None, ray: EmbeddedRay | None) -> EmbeddedParts:
    return EmbeddedParts(
        directory=held.path,
        store_directory=held.objects,
        signing_key=load_credentials(held).signing_key,
        database_owner_url=postgres and postgres.owner_url,
        database_url=postgres and postgres.service_url,
        postgres_binaries=postgres and postgres.binaries,
        ray_url=ray and ray.url,
        ray_token=ray and ray.token,
    )
