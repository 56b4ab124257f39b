"""The database is brought to, or held against, the schema that this release knows."""

from urllib.parse import unquote, urlsplit

from touchstone.command_line.console import Tell
from touchstone.database.migrate import migrate, require_current_schema
from touchstone.settings import Settings, SettingsError

NO_DATABASE = "TOUCHSTONE_DATABASE_URL is not set."


async def apply_migrations(settings: Settings) -> list[str]:
    """Needs `database_url`; answers the names of what was applied."""
    return await migrate(owner_url(settings), service_role=service_role(settings))


async def prepare_schema(settings: Settings, *, is_ours: bool, tell: Tell) -> None:
    """An embedded database is migrated; anyone else's only looked at. Raises SchemaTooOld or SchemaTooNew."""
    if is_ours:
        applied = await apply_migrations(settings)
        if applied:
            tell(f"Database: applied {', '.join(applied)}")
    await require_current_schema(service_url(settings))


def service_url(settings: Settings) -> str:
    if settings.database_url is None:
        raise SettingsError([NO_DATABASE])
    return settings.database_url.reveal()


def owner_url(settings: Settings) -> str:
    return settings.database_owner_url.reveal() if settings.database_owner_url else service_url(settings)


def service_role(settings: Settings) -> str | None:
    name = urlsplit(service_url(settings)).username
    return unquote(name) if name else None
