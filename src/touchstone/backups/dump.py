"""Postgres' own programs at work: a dump of one moment, and what is made of it again."""

import asyncio
import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from touchstone.errors import Unavailable

# the extension may be there already, and another's
_NOT_OURS = " COMMENT - EXTENSION "


class ProgramFailed(Unavailable):
    """{program} failed: {reason}"""


async def dump(programs: Path, owner_url: str, snapshot: str, file: Path) -> None:
    """The whole database in pg_dump's custom format, as of an exported snapshot. Raises ProgramFailed."""
    options = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}")
    await _run(programs / "pg_dump", owner_url, *options)


async def restore(programs: Path, owner_url: str, file: Path, listing: Path) -> None:
    """Into an empty database: all of it or nothing. `listing` is a file that may be written. Raises ProgramFailed."""
    entries = await _run(programs / "pg_restore", None, "--list", str(file))
    kept = [line for line in entries.decode().splitlines() if _NOT_OURS not in line]
    await asyncio.to_thread(listing.write_text, "\n".join(kept), "utf-8")
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--use-list={listing}")
    await _run(programs / "pg_restore", owner_url, *options, str(file))


async def _run(program: Path, owner_url: str | None, *arguments: str) -> bytes:
    """What it prints. The password goes by the environment, out of sight of `ps`."""
    connection, environment = _connection(owner_url) if owner_url else ([], {})
    process = await asyncio.create_subprocess_exec(
        program,
        *connection,
        *arguments,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = complaint.decode(errors="replace").strip()[-500:]
        raise ProgramFailed(program=program.name, reason=reason)
    return printed


def _connection(url: str) -> tuple[list[str], dict[str, str]]:
    parts = conninfo_to_dict(url)
    password = str(parts.pop("password", None) or "")
    return [f"--dbname={make_conninfo('', **parts)}"], {"PGPASSWORD": password} if password else {}
