from pathlib import Path

import pytest
from tests.jobs.attempts import Workplace


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)
