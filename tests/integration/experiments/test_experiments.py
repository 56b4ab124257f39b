"""Experiments: names, lists, their workflows, deleting."""

import asyncio
from uuid import uuid4

import pytest
from tests.builders import experiment, workflow

TRANSLATION = {"task": "translation", "source_language": "en", "target_language": "German"}


async def create(client, dataset_id, **fields):
    return await client.post("/api/v1/experiments/", json={"name": "an experiment", "dataset": dataset_id, **fields})


async def test_a_created_experiment_answers_what_was_asked(client, read, dataset):
    answer = await create(client, dataset, description="why", max_samples=3, task_definition=TRANSLATION)
    created = answer.json()
    assert answer.status_code == 201
    assert created["id"].isdigit() and created["created_at"].endswith("Z")
    assert {name: created[name] for name in ("name", "description", "dataset", "max_samples", "workflows")} == {
        "name": "an experiment",
        "description": "why",
        "dataset": dataset,
        "max_samples": 3,
        "workflows": [],
    }
    assert created["task_definition"] == TRANSLATION
    assert await read(f"experiments/{created['id']}") == created


async def test_what_is_left_out_is_filled_in(client, dataset):
    created = (await create(client, dataset)).json()
    assert (created["description"], created["max_samples"]) == ("", -1)
    assert created["task_definition"] == {"task": "summarization"}


async def test_a_taken_name_gets_the_time_appended(client, dataset):
    await experiment(client, dataset)
    second = (await create(client, dataset)).json()
    prefix, _, moment = second["name"].rpartition("_")
    assert prefix == "an experiment" and moment.isdigit() and len(moment) == 20


async def test_the_name_of_a_deleted_experiment_stays_taken(client, dataset):
    number = await experiment(client, dataset)
    await client.delete(f"/api/v1/experiments/{number}")
    assert (await create(client, dataset)).json()["name"].startswith("an experiment_")


async def test_experiments_of_one_name_created_at_once_all_get_a_name_of_their_own(client, dataset):
    answers = await asyncio.gather(*(create(client, dataset) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["name"] for answer in answers}) == 8


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": ""}, ["body", "name"]),
        ({"name": "  "}, ["body", "name"]),
        ({"name": "x" * 1001}, ["body", "name"]),
        ({"dataset": "x"}, ["body", "dataset"]),
        ({"task_definition": {"task": "poetry"}}, ["body", "task_definition"]),
        ({"task_definition": {"task": "summarization", "style": "short"}}, None),
        ({"task_definition": {"task": "translation", "source_language": "en"}}, None),
    ],
)
async def test_a_fault_is_named_by_its_place(client, read, dataset, change, place):
    answer = await create(client, dataset, **change)
    assert answer.status_code == 422, answer.text
    [fault] = answer.json()["detail"]
    assert place is None or fault["loc"] == place
    assert fault["loc"][1] in change
    assert (await read("experiments/"))["total"] == 0


async def test_a_dataset_that_is_not_there_is_not_found(client, read):
    missing = str(uuid4())
    answer = await create(client, missing)
    assert (answer.status_code, answer.json()["detail"]) == (404, f"Dataset with ID {missing} not found")
    assert (await read("experiments/"))["total"] == 0


async def test_experiments_come_newest_first_with_an_honest_total(client, read, dataset):
    numbers = [await experiment(client, dataset, name=f"number {place}") for place in range(5)]
    gone = await experiment(client, dataset, name="gone")
    await client.delete(f"/api/v1/experiments/{gone}")
    listing = await read("experiments/")
    assert ([item["id"] for item in listing["items"]], listing["total"]) == (numbers[::-1], 5)
    page = await read("experiments/?skip=1&limit=2")
    assert ([item["id"] for item in page["items"]], page["total"]) == (numbers[3:1:-1], 5)
    assert await read("experiments/?skip=9") == {"total": 5, "items": []}
    assert await read("experiments/?limit=0") == {"total": 5, "items": []}
    assert len((await read("experiments/?skip=-2&limit=-1"))["items"]) == 5


async def test_an_empty_list_is_an_empty_list(read):
    assert await read("experiments/?skip=1") == {"total": 0, "items": []}


async def test_the_address_of_the_published_client_answers_the_list(client, read, dataset):
    await experiment(client, dataset)
    assert await read("experiments/all") == await read("experiments/")


async def test_links_lead_through_all_experiments(client, dataset):
    numbers = [await experiment(client, dataset, name=f"number {place}") for place in range(5)]
    seen: list[str] = []
    url: str | None = "/api/v1/experiments/?limit=2"
    while url:
        answer = await client.get(url)
        seen += [item["id"] for item in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url")
        await experiment(client, dataset, name="a newcomer")
    assert seen == numbers[::-1]


async def test_workflows_stand_in_their_experiment_newest_first(client, read, work, dataset):
    mine, other = [await experiment(client, dataset, name=name) for name in ("mine", "other")]
    ids = []
    for number in (mine, mine, other, mine):
        created = (await client.post("/api/v1/workflows/", json=workflow(number))).json()
        ids.append(created["id"])
    await work()
    found = await read(f"experiments/{mine}")
    assert [one["id"] for one in found["workflows"]] == [ids[3], ids[1], ids[0]]
    assert found["workflows"][0]["metrics"] == (await read(f"workflows/{ids[3]}"))["metrics"]
    assert found["workflows"][0]["status"] == "succeeded" and found["workflows"][0]["artifacts_download_url"]
    listed = {item["id"]: item for item in (await read("experiments/"))["items"]}
    assert [one["id"] for one in listed[other]["workflows"]] == [ids[2]]


@pytest.mark.parametrize(
    "number", ["0", "999", "nonsense", "-1", "9" * 30, "15e47665-5812-4424-813f-b034b052f2f6", "007"]
)
async def test_an_experiment_that_is_not_there_is_not_found(client, number):
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/compare")):
        answer = await client.request(method, f"/api/v1/experiments/{number}{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, f"Experiment with ID {number} not found")


async def test_an_id_is_written_in_one_way(client, dataset):
    number = await experiment(client, dataset)
    assert (await client.get(f"/api/v1/experiments/0{number}")).status_code == 404


async def test_deleting_an_experiment_deletes_its_workflows_and_stops_their_jobs(
    client, read, turn, work, runner, dataset
):
    number = await experiment(client, dataset)
    created = (await client.post("/api/v1/workflows/", json=workflow(number, name="slow"))).json()
    for _ in range(3):
        await turn()
    answer = await client.delete(f"/api/v1/experiments/{number}")
    assert (answer.status_code, answer.json()) == (200, None)
    for path in (f"experiments/{number}", f"workflows/{created['id']}"):
        assert (await client.get(f"/api/v1/{path}")).status_code == 404
    await work()
    assert {run.status for run in runner.runs.values()} == {"stopped"}
    assert (await client.delete(f"/api/v1/experiments/{number}")).status_code == 404
    assert (await read(f"workflows/{created['id']}/logs"))["logs"]
    assert (await client.delete(f"/api/v1/datasets/{dataset}")).status_code == 204


async def test_a_workflow_created_while_its_experiment_is_deleted_is_either_refused_or_deleted(client, read, dataset):
    for _ in range(5):
        number = await experiment(client, dataset)
        posts = [client.post("/api/v1/workflows/", json=workflow(number)) for _ in range(3)]
        *created, deleted = await asyncio.gather(*posts, client.delete(f"/api/v1/experiments/{number}"))
        assert deleted.status_code == 200
        assert {answer.status_code for answer in created} <= {201, 400}
        assert (await read("workflows/"))["total"] == 0
