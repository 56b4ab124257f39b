"""The database of a command that changes some rows: the configured one, or the embedded one, running or not."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from touchstone.command_line.console import Tell, say
from touchstone.command_line.parts import PartsNotInstalled
from touchstone.command_line.schema_version import prepare_schema, service_url
from touchstone.database.executor import Database
from touchstone.settings import Settings


@asynccontextmanager
async def open_database(settings: Settings, tell: Tell = say) -> AsyncGenerator[Database]:
    """Raises SchemaTooOld, SchemaTooNew, Unavailable."""
    async with AsyncExitStack() as stack:
        is_ours = False
        if settings.database_url is None:
            settings, is_ours = await stack.enter_async_context(embedded_database(settings))
        await prepare_schema(settings, is_ours=is_ours, tell=tell)
        database = Database(service_url(settings), size=1)
        await database.open()
        stack.push_async_callback(database.close)
        yield database


@asynccontextmanager
async def embedded_database(settings: Settings) -> AsyncGenerator[tuple[Settings, bool]]:
    """Settings that name it, and whether it was started for the purpose."""
    try:
        from touchstone.command_line.embedding import shared_database
    except ModuleNotFoundError as error:
        raise PartsNotInstalled from error
    async with shared_database(settings) as found:
        yield found
