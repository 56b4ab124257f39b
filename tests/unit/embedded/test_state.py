import stat
from pathlib import Path

import pytest

from touchstone.embedded.directory import DataDirectory, DirectoryUnusable
from touchstone.embedded.state import Ports, load_credentials, load_ports, remember_port


def test_credentials_are_generated_once_all_different_and_for_their_owner_alone(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    made = load_credentials(directory)
    secrets = [getattr(made, field) for field in made.__struct_fields__]
    assert len(set(secrets)) == 5
    assert all(len(bytes.fromhex(secret)) == 24 for secret in secrets)
    assert load_credentials(directory) == made
    assert stat.S_IMODE(directory.credentials.stat().st_mode) == 0o600


def test_credentials_that_others_could_read_are_closed_again(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    made = load_credentials(directory)
    directory.credentials.chmod(0o644)
    assert load_credentials(directory) == made
    assert stat.S_IMODE(directory.credentials.stat().st_mode) == 0o600


def test_broken_credentials_are_named_and_not_replaced(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.credentials.write_text("{")
    with pytest.raises(DirectoryUnusable, match=r"credentials\.json is not readable"):
        load_credentials(directory)
    assert directory.credentials.read_text() == "{"


def test_the_ports_of_both_parts_are_remembered_apart(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    remember_port(directory, postgres=5001)
    remember_port(directory, ray=5002)
    assert load_ports(directory) == Ports(postgres=5001, ray=5002)


def test_a_broken_file_of_ports_is_as_good_as_none(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.ports.write_text("nonsense")
    assert load_ports(directory) == Ports()
