"""What needs torch and transformers: run by `just models`, in an environment that has them."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jobs.attempts import Workplace
from tests.jobs.clusters import ClusterVariables, ray_running

os.environ.setdefault("HF_HUB_OFFLINE", "1")
collect_ignore_glob = [] if os.environ.get("TOUCHSTONE_TEST_MODELS") else ["test_*.py"]


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[ClusterVariables]:
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        with ray_running(Path(folder), num_gpus=1) as variables:
            yield variables
