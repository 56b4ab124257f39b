import os
from pathlib import Path

import pytest

from touchstone.embedded.account import Account
from touchstone.embedded.directory import (
    CLEANING_UP,
    DirectoryHeld,
    DirectoryUnusable,
    choose_directory,
    hold_directory,
    try_lock,
)


@pytest.fixture(autouse=True)
def _no_other_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root, pytest's closed temporary folder would send every test to the system folder."""
    monkeypatch.setattr("touchstone.embedded.directory.unprivileged_account", Account)


def test_the_wanted_directory_is_used_where_postgres_can_reach_it(tmp_path: Path) -> None:
    said: list[str] = []
    assert choose_directory(tmp_path / "data", lambda folder: True, said.append) == tmp_path / "data"
    assert said == []


def test_a_directory_that_postgres_cannot_reach_is_replaced_by_a_system_folder_and_that_is_said(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    asked: list[Path] = []

    def can_traverse(folder: Path) -> bool:
        asked.append(folder)
        return False

    chosen = choose_directory(
        tmp_path / "a" / "b", can_traverse, said.append, system_folder=Path("/var/lib/touchstone")
    )
    assert asked == [tmp_path]
    assert chosen.parent == Path("/var/lib/touchstone")
    assert said == [f"Postgres' unprivileged user cannot reach {tmp_path / 'a' / 'b'}: using {chosen} instead"]


def test_every_wanted_directory_has_a_system_folder_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    def choose(name: str) -> Path:
        return choose_directory(tmp_path / name, lambda folder: False)

    assert choose("one") == choose("one") != choose("other")


def test_ourselves_we_use_the_wanted_directory_whatever_its_modes(tmp_path: Path) -> None:
    tmp_path.chmod(0o000)
    assert Account().can_traverse(tmp_path)
    tmp_path.chmod(0o700)


async def test_a_held_directory_names_its_holder_and_is_free_afterwards(tmp_path: Path) -> None:
    async with hold_directory(tmp_path / "data") as held:
        assert held.objects.is_dir()
        with pytest.raises(DirectoryHeld) as refusal:
            async with hold_directory(tmp_path / "data"):
                pass
        assert refusal.value.facts["pid"] == os.getpid()
        assert "TOUCHSTONE_DATA_DIR" in str(refusal.value)
    async with hold_directory(tmp_path / "data"):
        pass


async def test_two_paths_to_one_directory_are_one_directory(tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(tmp_path / "data")
    async with hold_directory(tmp_path / "data"):
        with pytest.raises(DirectoryHeld):
            async with hold_directory(tmp_path / "alias"):
                pass


async def test_a_forked_child_does_not_keep_the_directory_from_others(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    async with hold_directory(tmp_path):
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    async with hold_directory(tmp_path):
        os.close(writing)
        os.waitpid(child, 0)
    os.close(reading)


async def test_a_start_gives_up_on_a_cleaning_up_that_does_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchstone.embedded.directory._CLEANUP_SECONDS", 0)
    lock = try_lock(tmp_path, CLEANING_UP)
    assert lock is not None
    with pytest.raises(DirectoryHeld, match=CLEANING_UP):
        async with hold_directory(tmp_path):
            pass
    os.close(lock)


async def test_a_directory_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryUnusable, match=r"file/data cannot be used: Not a directory"):
        async with hold_directory(tmp_path / "file" / "data"):
            pass
