"""What a test of the contract needs from either side."""

import asyncio
import time
import uuid
from typing import Any, Protocol, Self

import msgspec
from tests.contract.runner.play import FAILING_EXIT_CODE, PLAY, PRINTED
from tests.fakes.runner import FAILS, RUNS_ON, SUCCEEDS, FakeRunner, Fate, no_work

from touchstone.adapters.ray_runner import RayRunner
from touchstone.adapters.runner import Run, Runner, Submission
from touchstone.embedded.state import free_port

NOWHERE = "file:///nowhere/config.json"
SECONDS_TO_END = 60
FATES = {"fail": msgspec.structs.replace(FAILS, exit_code=FAILING_EXIT_CODE), "run on": RUNS_ON}


def playing(word: str = "", **metadata: str) -> Submission:
    return Submission(
        id=f"{uuid.uuid4()}-1", config_uri=NOWHERE, metadata=metadata, environment={PLAY: word} if word else {}
    )


async def ended(runner: Runner, submission_id: str) -> Run:
    return await seen(runner, submission_id, lambda run: run.status.is_final)


async def seen(runner: Runner, submission_id: str, wanted) -> Run:
    """Looks until the run is as wanted."""
    deadline = time.monotonic() + SECONDS_TO_END
    while time.monotonic() < deadline:
        run = await runner.look(submission_id)
        assert run is not None
        if wanted(run):
            return run
        await asyncio.sleep(0.05)
    raise AssertionError(f"still {run}")


class Harness(Protocol):
    runner: Runner
    token: str

    def with_a_wrong_token(self) -> Runner: ...
    def with_nobody_there(self) -> Runner: ...


class FakeHarness:
    token = "no token at all"

    def __init__(self) -> None:
        async def fate(submission: Submission) -> Fate:
            chosen = FATES.get(submission.environment.get(PLAY, ""), SUCCEEDS)
            return msgspec.structs.replace(chosen, prints=PRINTED + "\n")

        self.runner = FakeRunner(script=fate, work=no_work)

    def with_a_wrong_token(self) -> Runner:
        return FakeRunner(down_because="the token is wrong")

    def with_nobody_there(self) -> Runner:
        return FakeRunner(down_because="nobody listens there")


class RayHarness:
    def __init__(self, url: str, token: str, entrypoint: str) -> None:
        self.token = token
        self._url = url
        self._opened: list[RayRunner] = []
        self.runner = self.open(entrypoint=entrypoint)

    def open(self, **changes: Any) -> RayRunner:
        url = changes.pop("base_url", self._url)
        runner = RayRunner(url, **{"token": self.token, "code": "installed", **changes})
        self._opened.append(runner)
        return runner

    def with_a_wrong_token(self) -> Runner:
        return self.open(token="f" * 64)

    def with_nobody_there(self) -> Runner:
        return self.open(base_url=f"http://127.0.0.1:{free_port()}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for runner in self._opened:
            await runner.close()
