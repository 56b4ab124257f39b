"""touchstone psql"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import click
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from touchstone.command_line.configuration import load_settings
from touchstone.command_line.embedding import running_elsewhere
from touchstone.command_line.running import run
from touchstone.command_line.schema_version import owner_url
from touchstone.embedded.directory import DirectoryHeld
from touchstone.embedded.postgres import embedded_postgres
from touchstone.errors import Unavailable
from touchstone.settings import Settings


class NoPsql(Unavailable):
    """psql is not installed; it comes with the PostgreSQL client."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> int:
    """Open psql as the owner of the database: the configured one, or the embedded one, running or not.

    \b
    touchstone psql
    touchstone psql -- -c 'select count(*) from job'
    """
    settings = load_settings()
    if settings.database_url is not None:
        return _run(_installed_psql(), owner_url(settings), arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's, which sets its own handler
    return run(_on_embedded(settings, arguments))


async def _on_embedded(settings: Settings, arguments: tuple[str, ...]) -> int:
    try:
        async with embedded_postgres(settings.data_dir) as postgres:
            return _run(postgres.binaries / "psql", postgres.owner_url, arguments)
    except DirectoryHeld:
        postgres = running_elsewhere(settings.data_dir)
    return _run(postgres.binaries / "psql", postgres.owner_url, arguments)


def _installed_psql() -> Path:
    found = shutil.which("psql")
    if found is None:
        raise NoPsql
    return Path(found)


def _run(program: Path, url: str, arguments: tuple[str, ...]) -> int:
    """The password goes by the environment, out of sight of `ps`."""
    parts = conninfo_to_dict(url)
    password = str(parts.pop("password", None) or "")
    command = [program, make_conninfo("", **parts), *arguments]
    return subprocess.run(command, env={**os.environ, "PGPASSWORD": password}, check=False).returncode  # noqa: S603
