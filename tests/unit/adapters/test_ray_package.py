import io
import zipfile
from pathlib import Path

from touchstone.adapters.ray_package import cluster_code, packed


def code(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / "cluster" / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder / "cluster"


def test_the_same_files_give_the_same_package_wherever_and_whenever(tmp_path: Path):
    first = packed(code(tmp_path / "a", main_py="one", deep__inner_py="two"))
    second = packed(code(tmp_path / "b", deep__inner_py="two", main_py="one"))
    assert first == second


def test_another_content_or_another_name_gives_another_package(tmp_path: Path):
    packages = [
        packed(code(tmp_path / "a", main_py="one")),
        packed(code(tmp_path / "b", main_py="two")),
        packed(code(tmp_path / "c", other_py="one")),
    ]
    assert len({package.name for package in packages}) == 3


def test_compiled_modules_are_left_out(tmp_path: Path):
    folder = code(tmp_path, main_py="one")
    bare = packed(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "main.pyc").write_bytes(b"compiled")
    assert packed(folder) == bare


def test_the_package_holds_the_cluster_code_below_its_own_name():
    package = cluster_code()
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        names = archive.namelist()
    assert "touchstone_jobs/wire.py" in names
    assert all(name.startswith("touchstone_jobs/") for name in names)
    assert package.uri == f"gcs://{package.name}"
    assert package.name.startswith("_ray_pkg_") and package.name.endswith(".zip")
