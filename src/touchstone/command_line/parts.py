"""Embedded parts for whatever the settings leave unset."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from touchstone.command_line.console import Tell, say
from touchstone.errors import Unavailable
from touchstone.settings import Settings


class PartsNotInstalled(Unavailable):
    """This installation brings no Postgres and no Ray of its own. Set TOUCHSTONE_DATABASE_URL and TOUCHSTONE_RAY_URL, or install touchstone[embedded]."""  # noqa: E501


@asynccontextmanager
async def running_parts(settings: Settings, *, with_ray: bool = True, tell: Tell = say) -> AsyncGenerator[Settings]:
    """Settings in which everything is set; what was not runs until the end."""
    needs_postgres = settings.database_url is None
    needs_ray = with_ray and settings.ray_url is None
    if not (needs_postgres or needs_ray):
        yield settings
        return
    try:
        from touchstone.command_line.embedding import embedding
    except ModuleNotFoundError as error:
        raise PartsNotInstalled from error
    async with embedding(settings, postgres=needs_postgres, ray=needs_ray, tell=tell) as complete:
        yield complete
