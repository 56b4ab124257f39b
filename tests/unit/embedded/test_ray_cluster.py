import os
import sys
from pathlib import Path

import pytest

from touchstone.embedded.directory import DirectoryUnusable
from touchstone.embedded.ray_cluster import jobs_environment
from touchstone.embedded.ray_processes import make_private, ray_folder


def test_ray_lies_in_the_data_directory_while_its_path_is_short() -> None:
    assert ray_folder(Path("/home/me/.touchstone")) == Path("/home/me/.touchstone/ray")


def test_a_long_path_is_replaced_by_a_short_one_of_the_directory_itself() -> None:
    folder = ray_folder(Path("/home/me") / ("long" * 20))
    assert len(str(folder)) < 32
    assert folder == ray_folder(Path("/home/me") / ("long" * 20)) != ray_folder(Path("/home/me") / ("long" * 21))


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ray").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DirectoryUnusable, match="belongs to somebody else"):
        make_private(tmp_path / "ray")


def test_a_private_folder_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "ray").mkdir(mode=0o777)
    make_private(tmp_path / "ray")
    assert (tmp_path / "ray").stat().st_mode & 0o077 == 0


def test_jobs_see_what_the_caller_gives_and_neither_our_settings_nor_another_cluster() -> None:
    inherited = {"HOME": "/h", "PATH": "/bin", "RAY_ADDRESS": "elsewhere", "TOUCHSTONE_DATABASE_URL": "secret"}
    seen = jobs_environment(inherited, {"AWS_ENDPOINT_URL": "http://store"})
    path = f"{Path(sys.executable).parent}{os.pathsep}/bin"
    assert seen == {"HOME": "/h", "PATH": path, "AWS_ENDPOINT_URL": "http://store"}
