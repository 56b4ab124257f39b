"""The calls of the public API that the demo makes, as any client would make them."""

from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from touchstone.errors import Failure

T = TypeVar("T")
PREFIX = "/api/v1"
TIMEOUT = httpx.Timeout(30, write=300)


class RequestFailed(Failure):
    """{method} {path} answered {status}: {detail}"""


class Dataset(msgspec.Struct):
    id: str
    filename: str
    ground_truth: bool


class Experiment(msgspec.Struct):
    id: str
    name: str


class Progress(msgspec.Struct):
    """Counts of samples; `rate_per_second` likewise."""

    done: int = 0
    total: int = 0
    failed: int = 0
    rate_per_second: float = 0.0


class FailureReason(msgspec.Struct):
    code: str = ""
    message: str = ""


class Workflow(msgspec.Struct):
    id: str
    name: str
    model: str
    status: str
    progress: Progress | None = None
    metrics: dict[str, float] | None = None
    failure_reason: FailureReason | None = None

    @property
    def has_ended(self) -> bool:
        return self.status in ("succeeded", "failed")


class Logs(msgspec.Struct):
    logs: str | None = None


class Listing(msgspec.Struct):
    total: int
    items: list[Dataset]


class Client:
    """Every method raises RequestFailed for an answer that is not a success."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def datasets(self) -> list[Dataset]:
        """The first hundred."""
        return (await self._call(Listing, "GET", "/datasets/")).items

    async def upload(self, path: Path) -> Dataset:
        with path.open("rb") as file:
            return await self._call(
                Dataset, "POST", "/datasets/", files={"dataset": (path.name, file, "text/csv")}, data={"format": "job"}
            )

    async def delete(self, dataset: Dataset) -> None:
        await self._send("DELETE", f"{PREFIX}/datasets/{dataset.id}")

    async def create_experiment(self, name: str, dataset: Dataset) -> Experiment:
        return await self._call(
            Experiment, "POST", "/experiments/", json={"name": name, "dataset": dataset.id, "description": ""}
        )

    async def start_workflow(self, experiment: Experiment, model: str, metrics: list[str]) -> Workflow:
        wanted = {"name": model, "model": model, "provider": "baseline", "metrics": metrics}
        return await self._call(Workflow, "POST", "/workflows/", json={**wanted, "experiment_id": experiment.id})

    async def workflow(self, workflow_id: str) -> Workflow:
        return await self._call(Workflow, "GET", f"/workflows/{workflow_id}")

    async def logs(self, workflow_id: str) -> str:
        return (await self._call(Logs, "GET", f"/workflows/{workflow_id}/logs")).logs or ""

    async def results_url(self, workflow_id: str) -> str:
        return await self._call(str, "GET", f"/workflows/{workflow_id}/result/download")

    async def download(self, url: str) -> bytes:
        return (await self._send("GET", url)).content

    async def _call(self, kind: type[T], method: str, path: str, **request: Any) -> T:
        answer = await self._send(method, PREFIX + path, **request)
        return msgspec.json.decode(answer.content, type=kind)

    async def _send(self, method: str, url: str, **request: Any) -> httpx.Response:
        answer = await self._http.request(method, url, **request)
        if not answer.is_success:
            path = answer.request.url.path
            raise RequestFailed(method=method, path=path, status=answer.status_code, detail=answer.text[:500])
        return answer
