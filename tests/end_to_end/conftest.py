import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that others may pass: as root, Postgres runs under another account. Short, for Ray's sockets."""
    folder = Path(tempfile.mkdtemp(prefix="touchstone-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
