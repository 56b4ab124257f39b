"""API and worker are killed in mid-workflow, and once the driver with them; everything ends right after a restart."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from aiohttp import web
from tests.end_to_end.command import Started, answers, started
from tests.jobs.endpoints import FakeEndpoint, completion, refusal
from tests.jobs.endpoints import serving as serving_endpoint

from touchstone.command_line.http_server import free_port
from touchstone.embedded.parts import EmbeddedParts, embedded_parts
from touchstone.embedded.postgres import EmbeddedPostgres
from touchstone.environment_file import new_secret_key
from touchstone_jobs.keeping import SECONDS_BETWEEN_FLUSHES

ROWS = 60
AT_ONCE = 4
ANSWER_SECONDS = 0.3
# a killed driver loses what was answered since it last wrote a segment (once a second), and what is on its way
PAID_AGAIN_AT_MOST = AT_ONCE + math.ceil((SECONDS_BETWEEN_FLUSHES + 0.5) / ANSWER_SECONDS) * AT_ONCE
PATIENCE_SECONDS = 60
KEY = "sk-of-the-test"


@pytest.fixture(scope="module")
async def ray(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[EmbeddedParts]:
    async with embedded_parts(tmp_path_factory.mktemp("ray"), postgres=False, ray=True, ray_cpus=2) as parts:
        yield parts


@pytest.fixture
async def empty_database(postgres: EmbeddedPostgres, empty_tables: Callable[[], Awaitable[None]]) -> EmbeddedPostgres:
    await empty_tables()
    return postgres


class Provider:
    """Takes a while for each answer, and works on a few at once; `paid` is what it has answered, in order."""

    def __init__(self) -> None:
        self.paid: list[str] = []
        self.endpoint: FakeEndpoint

    async def reply(self, endpoint: FakeEndpoint, body: dict[str, Any]) -> web.Response:
        if endpoint.in_flight > AT_ONCE:
            return refusal(429)
        await asyncio.sleep(ANSWER_SECONDS)
        question = body["messages"][-1]["content"]
        self.paid.append(question)
        return completion(" ".join(question.split()[:3]))


@pytest.fixture
def provider() -> Generator[Provider]:
    provider = Provider()
    with serving_endpoint(provider.reply) as provider.endpoint:
        yield provider


class Service:
    """`touchstone serve` on parts that outlive it."""

    def __init__(self, folder: Path, stack: ExitStack, **settings: str) -> None:
        self.folder, self.stack, self.settings = folder, stack, settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=f"{self.url}/api/v1", timeout=30, trust_env=False)
        self.running: Started | None = None

    def start(self) -> None:
        arguments = ("serve", "--port", str(self.port))
        self.running = self.stack.enter_context(started(*arguments, folder=self.folder, **self.settings))
        self.running.wait_until(lambda: answers(self.url))

    def kill(self) -> None:
        """No signal that could be handled; API and worker are one process."""
        assert self.running is not None
        self.running.process.kill()
        self.running.wait_until_gone()

    def post(self, path: str, **request: Any) -> Any:
        answer = self.client.post(path, **request)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert self.running is not None
            assert time.monotonic() < deadline, self.running.said()
            time.sleep(0.05)


@pytest.fixture
def service(empty_database: EmbeddedPostgres, ray: EmbeddedParts, tmp_path: Path) -> Generator[Service]:
    with ExitStack() as stack:
        made = Service(
            tmp_path,
            stack,
            database_url=empty_database.service_url,
            ray_url=ray.ray_url or "",
            ray_token=ray.ray_token or "",
            store_dir=str(tmp_path / "objects"),
            secret_keys=new_secret_key(),
            url_signing_keys=new_secret_key(),
        )
        made.start()
        yield made
        made.client.close()


@pytest.fixture
def new_workflow(service: Service, provider: Provider) -> dict[str, Any]:
    """What to post: an inference whose answers come from the endpoint, for a key, and an evaluation."""
    rows = "".join(f"dialogue number {row} is about a cat,dialogue number {row}\n" for row in range(ROWS))
    files = {"dataset": ("dialogues.csv", f"examples,ground_truth\n{rows}".encode())}
    dataset = service.post("/datasets/", files=files, data={"format": "job"})["id"]
    experiment = service.post("/experiments/", json={"name": "killed", "dataset": dataset})["id"]
    secret = {"value": KEY, "description": "", "allowed_hosts": ["127.0.0.1"]}
    assert service.client.put("/settings/secrets/mine", json=secret).status_code == 201
    return {
        "name": "killed",
        "experiment_id": experiment,
        "model": "a-model",
        "provider": "openai",
        "base_url": provider.endpoint.base_url,
        "secret_key_name": "mine",
        "metrics": ["rouge"],
    }


def assert_right_end(service: Service, workflow_id: str, provider: Provider) -> None:
    details = service.get(f"/workflows/{workflow_id}")
    assert (details["status"], details["failure_reason"]) == ("succeeded", None)
    assert details["metrics"]["rouge_rouge1_mean"] == 1.0
    assert details["progress"]["done"] == details["progress"]["total"] == 2 * ROWS
    jobs = service.get("/jobs/")
    assert (jobs["total"], {job["status"] for job in jobs["items"]}) == (2, {"succeeded"})
    assert service.get("/datasets/")["total"] == 2
    compiled = httpx.get(service.get(f"/workflows/{workflow_id}/result/download"), trust_env=False).json()
    assert compiled["artifacts"]["predictions"] == [f"dialogue number {row}" for row in range(ROWS)]
    assert "Inference results stored at" in service.get(f"/workflows/{workflow_id}/logs")["logs"]
    assert len(set(provider.paid)) == ROWS
    assert set(provider.endpoint.keys) == {f"Bearer {KEY}"}


def test_a_workflow_ends_right_although_api_and_worker_are_killed_again_and_again(
    service: Service, provider: Provider, new_workflow: dict[str, Any]
) -> None:
    """Just after it was posted, in the middle of the inference, and when the evaluation begins."""
    key = {"Idempotency-Key": "the one workflow"}
    created = service.post("/workflows/", json=new_workflow, headers=key)
    service.kill()

    service.start()
    assert service.post("/workflows/", json=new_workflow, headers=key) == created
    service.until(lambda: len(provider.paid) >= ROWS // 4)
    service.kill()
    service.until(lambda: len(provider.paid) >= ROWS // 2)

    service.start()
    service.until(lambda: service.get("/jobs/")["total"] == 2)
    service.kill()

    service.start()
    service.until(lambda: service.get(f"/workflows/{created['id']}")["status"] in ("succeeded", "failed"))
    assert_right_end(service, created["id"], provider)
    assert {job["attempt"] for job in service.get("/jobs/")["items"]} == {1}
    assert len(provider.paid) == ROWS, "the driver was left alone, so no call was made twice"


def test_a_driver_killed_with_them_is_followed_by_one_that_goes_on(
    service: Service, provider: Provider, new_workflow: dict[str, Any], tmp_path: Path
) -> None:
    created = service.post("/workflows/", json=new_workflow)
    service.until(lambda: len(provider.paid) >= ROWS * 3 // 4)
    service.kill()
    for driver in drivers(tmp_path):
        driver.kill()

    service.start()
    service.until(lambda: service.get(f"/workflows/{created['id']}")["status"] in ("succeeded", "failed"))
    assert_right_end(service, created["id"], provider)
    attempts = {job["job_type"]: job["attempt"] for job in service.get("/jobs/")["items"]}
    assert attempts == {"inference": 2, "evaluator": 1}
    assert len(provider.paid) - ROWS <= PAID_AGAIN_AT_MOST


def drivers(folder: Path) -> list[psutil.Process]:
    """Processes of job attempts whose objects lie in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in process.environ().get("TOUCHSTONE_JOB_CONFIG", ""):
                found.append(process)
        except psutil.Error:
            continue
    assert found, "no attempt is running"
    return found
