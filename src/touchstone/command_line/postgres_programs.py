"""Where pg_dump and pg_restore are: beside psql, with an embedded Postgres, or in Debian's folders."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from touchstone.errors import Unavailable

ANSWER_SECONDS = 20


class NoPrograms(Unavailable):
    """pg_dump and pg_restore of PostgreSQL {major} or newer were not found ({seen}). Install its client, or touchstone[embedded]."""  # noqa: E501


async def find_programs(server_major: int) -> Path:
    """The folder with pg_dump and pg_restore of the server's version, else of the next newer one."""
    found = await asyncio.to_thread(_find, server_major)
    if found is None:
        seen = ", ".join(map(str, dict.fromkeys(_folders()))) or "nothing installed"
        raise NoPrograms(major=server_major, seen=seen)
    return found


def _find(server_major: int) -> Path | None:
    versions = {folder: _major_version(folder) for folder in dict.fromkeys(_folders())}
    usable = [(major, folder) for folder, major in versions.items() if major is not None and major >= server_major]
    return min(usable, key=lambda pair: pair[0])[1] if usable else None


def _folders() -> Iterator[Path]:
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        yield Path(on_path).parent
    try:
        from touchstone.embedded.binaries import DEBIAN, wheel_folder
    except ModuleNotFoundError:  # an installation without embedded parts
        return
    packaged = wheel_folder()
    if packaged is not None:
        yield packaged
    yield from sorted(DEBIAN.glob("*/bin"))


def _major_version(folder: Path) -> int | None:
    """None unless both are there and say the same."""
    versions = {_version_of(folder / name) for name in ("pg_dump", "pg_restore")}
    return versions.pop() if len(versions) == 1 else None


def _version_of(program: Path) -> int | None:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, timeout=ANSWER_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(rb"\) (\d+)", answer.stdout)
    return int(found[1]) if found else None
