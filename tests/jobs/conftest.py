import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jobs.attempts import Workplace
from tests.jobs.clusters import ClusterVariables, ray_running


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[ClusterVariables]:
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        with ray_running(Path(folder)) as variables:
            yield variables
