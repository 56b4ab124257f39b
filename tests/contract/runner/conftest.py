"""The same tests on the fake and on a real Ray, which is started once."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.contract.runner.harness import FakeHarness, Harness, RayHarness
from tests.contract.runner.ray_cluster import RayCluster, running_ray

from touchstone.adapters.runner import Runner

RUNNERS = ["fake", "ray"]
PLAY = Path(__file__).parent / "play.py"


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[RayCluster]:
    with running_ray() as cluster:
        yield cluster


@pytest.fixture
async def ray_harness(ray_cluster: RayCluster) -> AsyncIterator[RayHarness]:
    harness = RayHarness(ray_cluster, entrypoint=f"{sys.executable} {PLAY}")
    yield harness
    await harness.close()


@pytest.fixture(params=RUNNERS)
def harness(request: pytest.FixtureRequest) -> Harness:
    return FakeHarness() if request.param == "fake" else request.getfixturevalue("ray_harness")


@pytest.fixture
def runner(harness: Harness) -> Runner:
    return harness.runner
