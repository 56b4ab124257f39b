from pathlib import Path

import pytest

from touchstone.embedded import binaries
from touchstone.embedded.account import Account
from touchstone.embedded.binaries import find_binaries
from touchstone.embedded.processes import PartFailed


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the wheel and with nothing on its PATH."""
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path)
    monkeypatch.setattr(binaries, "wheel_folder", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    return tmp_path


def install(root: Path, major: int) -> Path:
    folder = root / str(major) / "bin"
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.4 (Debian {major}.4-1)'\n")
        program.chmod(0o755)
    return folder


def test_the_newest_packaged_version_is_taken(debian: Path, tmp_path: Path) -> None:
    install(debian, 9)
    newest = install(debian, 17)
    assert find_binaries(Account(), tmp_path / "copies").folder == newest


def test_an_existing_database_asks_for_the_version_that_made_it(debian: Path, tmp_path: Path) -> None:
    older = install(debian, 15)
    install(debian, 17)
    found = find_binaries(Account(), tmp_path / "copies", wanted_major=15)
    assert (found.folder, found.major) == (older, 15)


def test_a_version_that_is_gone_is_named_with_what_was_found_instead(debian: Path, tmp_path: Path) -> None:
    install(debian, 17)
    with pytest.raises(PartFailed, match=r"Postgres 18, which made this database, was not found \(.*version 17\)"):
        find_binaries(Account(), tmp_path / "copies", wanted_major=18)


def test_programs_that_do_not_run_are_passed_over(debian: Path, tmp_path: Path) -> None:
    (install(debian, 17) / "postgres").write_text("#!/bin/sh\nexit 1\n")
    older = install(debian, 15)
    assert find_binaries(Account(), tmp_path / "copies").folder == older


def test_a_machine_without_postgres_is_told_what_to_install(debian: Path, tmp_path: Path) -> None:
    with pytest.raises(PartFailed, match=r"nothing installed.*Install touchstone\[embedded\]"):
        find_binaries(Account(), tmp_path / "copies")
