"""The same tests on the fake and on a real Ray, which is started once."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from tests.contract.runner.harness import FakeHarness, Harness, RayHarness

from touchstone.adapters.runner import Runner
from touchstone.embedded.parts import embedded_parts

RUNNERS = ["fake", "ray"]
ENTRYPOINT = f"{sys.executable} {Path(__file__).parent / 'play.py'}"


@pytest.fixture(scope="session")
def ray_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL and token. In a thread of its own: only a fixture that is not async can be asked for by name."""
    wanted = embedded_parts(tmp_path_factory.mktemp("ray"), postgres=False, ray=True, ray_cpus=2)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(wanted) as parts:
        assert parts.ray_url and parts.ray_token
        yield parts.ray_url, parts.ray_token


@pytest.fixture
async def ray_harness(ray_address: tuple[str, str]) -> AsyncIterator[RayHarness]:
    async with RayHarness(*ray_address, entrypoint=ENTRYPOINT) as harness:
        yield harness


@pytest.fixture(params=RUNNERS)
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    if request.param == "fake":
        yield FakeHarness()
        return
    async with RayHarness(*request.getfixturevalue("ray_address"), entrypoint=ENTRYPOINT) as harness:
        yield harness


@pytest.fixture
def runner(harness: Harness) -> Runner:
    return harness.runner
