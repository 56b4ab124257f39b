"""Workflows of an experiment side by side."""

import msgspec
import pytest
from tests.builders import experiment, upload, workflow
from tests.fakes.object_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def compared(client, work) -> tuple[str, list[str]]:
    """An experiment on three dialogues, and the ids of three workflows in it: two good ones, newest last, one bad."""
    rows = "examples,ground_truth\n" + "".join(f"dialogue number {place} is here,short {place}\n" for place in range(3))
    number = await experiment(client, await upload(client, rows))
    ids = []
    for model in ("lead-1", "lead-3", "fail"):
        body = workflow(number, model=model, name=model)
        ids.append((await client.post("/api/v1/workflows/", json=body)).json()["id"])
    await work()
    return number, ids


async def test_metrics_stand_side_by_side(read, compared):
    number, (first, second, bad) = compared
    found = await read(f"experiments/{number}/compare")
    assert found["experiment_id"] == number
    assert [(column["id"], column["model"], column["status"]) for column in found["workflows"]] == [
        (bad, "fail", "failed"),
        (second, "lead-3", "succeeded"),
        (first, "lead-1", "succeeded"),
    ]
    assert found["metrics"] == [f"rouge_{name}_mean" for name in ("rouge1", "rouge2", "rougeL", "rougeLsum")]
    assert found["workflows"][1]["metrics"]["rouge_rouge1_mean"] == 0.5
    assert found["workflows"][0]["metrics"] == {}


async def test_samples_show_what_each_workflow_made_of_them(read, compared):
    number, (first, second, _) = compared
    found = await read(f"experiments/{number}/compare")
    assert (found["total_samples"], len(found["samples"]), found["left_out"]) == (3, 3, [])
    sample = found["samples"][1]
    assert (sample["index"], sample["example"], sample["ground_truth"]) == (1, "dialogue number 1 is here", "short 1")
    assert sample["predictions"] == {first: "dialogue number 1", second: "dialogue number 1"}
    assert sample["scores"][first]["rouge_rouge1"] == 0.5


@pytest.mark.parametrize(
    ("query", "indexes"), [("limit=1", [0]), ("skip=1&limit=1", [1]), ("skip=2", [2]), ("skip=9", []), ("limit=0", [])]
)
async def test_samples_come_in_pages(read, compared, query, indexes):
    number, _ = compared
    found = await read(f"experiments/{number}/compare?{query}")
    assert [sample["index"] for sample in found["samples"]] == indexes
    assert len(found["workflows"]) == 3


@pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "skip=-1", "limit=x"])
async def test_bounds_that_make_no_sense_are_refused(client, compared, query):
    answer = await client.get(f"/api/v1/experiments/{compared[0]}/compare?{query}")
    assert answer.status_code == 422


async def test_metrics_are_compared_although_the_store_is_down(read, compared, store):
    number, (first, second, _) = compared
    store.unavailable = "no answer in time"
    found = await read(f"experiments/{number}/compare")
    assert len(found["metrics"]) == 4 and found["samples"] == []
    assert set(found["left_out"]) == {first, second}


async def test_a_workflow_whose_results_cannot_be_read_is_left_out(read, compared, store):
    number, (first, second, _) = compared
    store.objects[f"workflows/results/{first}/compiled.json"] = b'{"metrics": {"rouge'
    found = await read(f"experiments/{number}/compare")
    assert found["left_out"] == [first]
    assert set(found["samples"][0]["predictions"]) == {second}


@pytest.mark.parametrize(
    "artifacts", [{}, {"predictions": None}, {"predictions": "x"}, {"predictions": 3}, {"examples": 3}]
)
async def test_results_of_another_shape_do_no_harm(read, compared, store, artifacts):
    number, (first, second, _) = compared
    body = msgspec.json.encode({"metrics": {"rouge": None, "x": 3}, "artifacts": artifacts})
    store.objects[f"workflows/results/{second}/compiled.json"] = body
    found = await read(f"experiments/{number}/compare")
    assert found["samples"][0]["predictions"][first] == "dialogue number 0"
    assert found["samples"][0]["example"] == "dialogue number 0 is here"


async def test_an_experiment_without_workflows_has_nothing_to_compare(client, read, dataset):
    number = await experiment(client, dataset)
    found = await read(f"experiments/{number}/compare")
    assert found == {
        "experiment_id": number,
        "metrics": [],
        "workflows": [],
        "total_samples": 0,
        "samples": [],
        "left_out": [],
    }
