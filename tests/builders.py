"""What tests send; a test names only what it is about."""

from typing import Any

import httpx

DIALOGUES = "examples,ground_truth\nHello there how are you,Greeting\nGood bye now my friend,Farewell\n"


async def upload(client: httpx.AsyncClient, text: str | bytes = DIALOGUES, *, name: str = "dialogues.csv") -> str:
    """The id of the new dataset."""
    body = text.encode() if isinstance(text, str) else text
    answer = await client.post("/api/v1/datasets/", files={"dataset": (name, body)}, data={"format": "job"})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def inference(dataset: str, *, name: str = "an inference", **config: Any) -> dict[str, Any]:
    return {"name": name, "dataset": dataset, "job_config": {"model": "lead-1", "provider": "baseline", **config}}


async def experiment(client: httpx.AsyncClient, dataset: str, **fields: Any) -> str:
    """The id of the new experiment."""
    answer = await client.post("/api/v1/experiments/", json={"name": "an experiment", "dataset": dataset, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def workflow(experiment_id: str, **fields: Any) -> dict[str, Any]:
    basis = {"name": "a workflow", "model": "lead-1", "provider": "baseline", "metrics": ["rouge"]}
    return {**basis, "experiment_id": experiment_id, **fields}
