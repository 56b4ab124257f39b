"""touchstone schema"""

import asyncio
import os
import re
import tempfile
from pathlib import Path

import click
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from touchstone.command_line import exit_codes
from touchstone.command_line.console import say
from touchstone.command_line.running import run
from touchstone.database.migrate import migrate
from touchstone.embedded.postgres import embedded_postgres
from touchstone.errors import Unavailable

_SESSION = ("--", "SET ", "SELECT pg_catalog.set_config", "\\restrict ", "\\unrestrict ")


class DumpFailed(Unavailable):
    """pg_dump failed: {reason}"""


@click.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of printing.")
@click.option("--check", "is_check", is_flag=True, help="Write nothing; fail (1) when the --output file is stale.")
def schema(output: Path | None, is_check: bool) -> int:
    """Print the schema that the migrations make, from a throw-away embedded Postgres."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        dump = run(_fresh_schema(Path(folder)))
    if output is None:
        click.echo(dump, nl=False)
    elif is_check:
        if not output.exists() or output.read_text("utf-8") != dump:
            say(f"{output} is stale: run `just schema`")
            return exit_codes.FAILED
    else:
        output.write_text(dump, "utf-8")
    return exit_codes.OK


async def _fresh_schema(folder: Path) -> str:
    async with embedded_postgres(folder / "data", durable=False) as postgres:
        await migrate(postgres.owner_url)
        return await dump_schema(postgres.owner_url, postgres.binaries / "pg_dump")


async def dump_schema(owner_url: str, pg_dump: Path) -> str:
    """What pg_dump says of our tables, without its comments, session settings and random `\\restrict` key."""
    parts = conninfo_to_dict(owner_url)
    password = str(parts.pop("password", None) or "")
    process = await asyncio.create_subprocess_exec(
        pg_dump,
        *("--schema-only", "--no-owner", "--no-privileges", "--exclude-table=*yoyo*"),
        make_conninfo("", **parts),
        env={**os.environ, "PGPASSWORD": password},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    dump, complaint = await process.communicate()
    if process.returncode:
        raise DumpFailed(reason=complaint.decode(errors="replace").strip()[-500:])
    return _stripped(dump.decode())


def _stripped(dump: str) -> str:
    kept = [line for line in dump.splitlines() if not line.startswith(_SESSION)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"
