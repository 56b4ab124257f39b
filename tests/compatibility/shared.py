"""The contracts and recordings beside the repository, where there are any."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"
CONTRACTS = SHARED / "contracts"

needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there")
