"""How a local store takes files in."""

import errno
import os
from pathlib import Path

import pytest

from touchstone.adapters.local_store import LocalStore


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"bytes of a file")
    return path


async def test_a_file_of_the_same_file_system_is_kept_instead_of_a_copy(tmp_path, source):
    await LocalStore(tmp_path / "objects").put_file("a/b", source)
    assert (tmp_path / "objects/a/b").samefile(source)
    source.unlink()
    assert await LocalStore(tmp_path / "objects").get("a/b") == b"bytes of a file"


async def test_it_takes_the_place_of_an_older_object(tmp_path, source):
    store = LocalStore(tmp_path / "objects")
    await store.put("a/b", b"older and longer than the newer")
    await store.put_file("a/b", source)
    assert await store.get("a/b") == b"bytes of a file"


async def test_a_link_gives_the_file_that_it_leads_to(tmp_path, source):
    (tmp_path / "link").symlink_to(source)
    await LocalStore(tmp_path / "objects").put_file("a/b", tmp_path / "link")
    assert not (tmp_path / "objects/a/b").is_symlink()
    assert (tmp_path / "objects/a/b").read_bytes() == b"bytes of a file"


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK])
async def test_where_files_have_one_name_only_it_is_copied(tmp_path, source, monkeypatch, number):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    await LocalStore(tmp_path / "objects").put_file("a/b", source)
    assert not (tmp_path / "objects/a/b").samefile(source)
    assert (tmp_path / "objects/a/b").read_bytes() == b"bytes of a file"
