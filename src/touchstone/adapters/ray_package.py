"""The cluster code as a package that Ray unpacks into a job's working directory."""

import hashlib
import importlib.util
import io
import zipfile
from pathlib import Path

import msgspec

CLUSTER_CODE = "touchstone_jobs"
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
READABLE_FILE = 0o644 << 16


class RayPackage(msgspec.Struct, frozen=True):
    """`name` follows from the files alone, so equal code is uploaded once."""

    name: str
    body: bytes

    @property
    def path(self) -> str:
        return f"/api/packages/gcs/{self.name}"

    @property
    def uri(self) -> str:
        return f"gcs://{self.name}"


def cluster_code() -> RayPackage:
    """The installed `touchstone_jobs`, found but not imported."""
    spec = importlib.util.find_spec(CLUSTER_CODE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{CLUSTER_CODE} is not installed")
    return packed(Path(spec.origin).parent)


def packed(folder: Path) -> RayPackage:
    """Everything under the folder but compiled modules, below the folder's own name."""
    digest, buffer = hashlib.sha256(), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            name, content = path.relative_to(folder.parent).as_posix(), path.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
            entry = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
            entry.external_attr = READABLE_FILE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return RayPackage(name=f"_ray_pkg_{digest.hexdigest()[:32]}.zip", body=buffer.getvalue())
