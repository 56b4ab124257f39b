"""Datasets over HTTP: upload, list, download, delete, and what stays behind."""

import asyncio
from uuid import UUID, uuid4

import pytest
from tests.builders import DIALOGUES, experiment, inference, upload, workflow
from tests.conftest import replaced, serving
from tests.fakes.object_store import MemoryStore
from tests.fakes.runner import SUCCEEDS

from touchstone.errors import Unavailable
from touchstone_jobs.dataset_files import FILES

PATH = "/api/v1/datasets/"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def post(client, body: bytes, name: str = "dialogues.csv", **fields):
    return await client.post(PATH, files={"dataset": (name, body)}, data={"format": "job", **fields})


async def test_an_uploaded_dataset_is_described_and_found_at_its_location(client):
    body = DIALOGUES.encode()
    answer = await post(client, body)
    created = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"http://127.0.0.1:8000{PATH}{created['id']}"
    assert {name: created[name] for name in created if name not in ("id", "created_at", "digest")} == {
        "filename": "dialogues.csv",
        "format": "job",
        "size": len(body),
        "ground_truth": True,
        "run_id": None,
        "generated": False,
        "generated_by": None,
        "row_count": 2,
        "columns": ["examples", "ground_truth"],
    }
    assert UUID(created["id"]).version == 4 and len(created["digest"]) == 64
    assert (await client.get(answer.headers["location"])).json() == created


async def test_the_same_file_twice_is_two_datasets_of_one_digest(client, read):
    ids = [await upload(client) for _ in range(2)]
    first, second = [await read(f"datasets/{one}") for one in ids]
    assert first["id"] != second["id"] and first["digest"] == second["digest"]


async def test_datasets_come_oldest_first_with_an_honest_total(client, read):
    ids = [await upload(client) for _ in range(5)]
    await client.delete(PATH + ids[2])
    left = ids[:2] + ids[3:]
    listing = await read("datasets/")
    assert ([item["id"] for item in listing["items"]], listing["total"]) == (left, 4)
    page = await read("datasets/?skip=1&limit=2")
    assert ([item["id"] for item in page["items"]], page["total"]) == (left[1:3], 4)
    assert (await read("datasets/?limit=0"))["items"] == []
    assert len((await read("datasets/?skip=-1&limit=-1"))["items"]) == 4


async def test_links_lead_through_all_datasets(client):
    ids = [await upload(client) for _ in range(5)]
    seen: list[str] = []
    url: str | None = PATH + "?limit=2"
    while url:
        answer = await client.get(url)
        seen += [item["id"] for item in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url")
    assert seen == ids


@pytest.mark.parametrize(
    ("extension", "count"), [(None, 4), ("csv", 1), (".CSV ", 1), ("json", 2), ("", 4), ("xml", 0)]
)
async def test_files_are_downloaded_by_extension(client, read, extension, count):
    dataset = await upload(client)
    query = "" if extension is None else f"?extension={extension}"
    download = await read(f"datasets/{dataset}/download{query}")
    assert (download["id"], len(download["download_urls"])) == (dataset, count)


async def test_its_files_lie_where_the_contract_says(client, store):
    dataset = await upload(client, name="my file.csv")
    assert sorted(store.objects) == sorted(f"datasets/{dataset}/my-file.csv/{file}" for file in FILES)


@pytest.mark.parametrize("name", ["../../evil.csv", "a/b\\c.csv", "🐊.csv", "..", "x" * 300 + ".csv"])
async def test_a_file_name_cannot_lead_out_of_its_folder(client, store, read, name):
    dataset = await upload(client, name=name)
    assert all(key.startswith(f"datasets/{dataset}/") and ".." not in key.split("/") for key in store.objects)
    assert all(key.count("/") == 3 for key in store.objects)
    assert len((await read(f"datasets/{dataset}/download"))["download_urls"]) == 4


REFUSALS = [
    (b"text,label\na,b\n", 403, "Dataset is missing required fields: examples"),
    (b"", 403, "Dataset is missing required fields: examples"),
    (b"examples\n", 422, "Dataset is invalid: "),
    (b"\xff\xfe\x00binary", 422, "Dataset is invalid: not a CSV file"),
    (b"examples,ground_truth\na,b,c\n", 422, "Dataset is invalid: "),
    (b'{"examples": 1\n', 422, "Dataset is invalid: "),
    (b"examples\n" + b"x" * 2000 + b"\n", 413, "Dataset upload exceeds the 0.0MB limit"),
]


@pytest.mark.parametrize(("body", "status", "words"), REFUSALS)
async def test_a_refused_upload_leaves_nothing_behind(settings, runner, store, database, body, status, words):
    async with serving(replaced(settings, max_dataset_size=1000), runner, store) as client:
        answer = await post(client, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"].startswith(words)
    assert store.objects == {}
    assert await database.fetch_value("select count(*) from dataset") == 0


@pytest.mark.parametrize(
    ("request_parts", "place"),
    [
        ({"data": {"format": "job"}}, ["body", "dataset"]),
        ({"files": {"dataset": ("a.csv", b"examples\na\n")}}, ["body", "format"]),
        ({"files": {"dataset": ("a.csv", b"examples\na\n")}, "data": {"format": "xml"}}, ["body", "format"]),
        ({"files": {"other": ("a.csv", b"examples\na\n")}, "data": {"format": "job"}}, ["body", "dataset"]),
    ],
)
async def test_a_missing_or_wrong_part_is_named(client, store, request_parts, place):
    answer = await client.post(PATH, **request_parts)
    assert answer.status_code == 422, answer.text
    assert place in [fault["loc"] for fault in answer.json()["detail"]]
    assert store.objects == {}


@pytest.mark.parametrize("breaks_after", range(4))
async def test_a_store_that_fails_in_the_middle_leaves_nothing_behind(client, store, database, breaks_after):
    put_file, done = store.put_file, []

    async def fail_at_last(key, path, **options):
        if len(done) == breaks_after:
            raise Unavailable(system="object store", reason="it broke")
        done.append(key)
        await put_file(key, path, **options)

    store.put_file = fail_at_last
    answer = await post(client, DIALOGUES.encode())
    assert answer.status_code == 503
    assert store.objects == {} and await database.fetch_value("select count(*) from dataset") == 0


async def test_a_database_that_fails_at_the_end_leaves_no_objects(client, store, database):
    """The row cannot be written; a name with a NUL is what a database refuses."""
    answer = await post(client, DIALOGUES.encode(), name="nul%00.csv")
    assert answer.status_code in (201, 422)
    rows = await database.fetch_value("select count(*) from dataset")
    assert len(store.objects) == 4 * rows


async def test_a_deleted_dataset_is_gone_with_its_files(client, read, store):
    dataset = await upload(client)
    answer = await client.delete(PATH + dataset)
    assert (answer.status_code, answer.text) == (204, "")
    assert store.objects == {}
    again = await client.delete(PATH + dataset)
    assert (again.status_code, again.json()["detail"]) == (404, f"Dataset with ID {dataset} not found")
    assert (await client.get(PATH + dataset)).status_code == 404
    gone = await client.get(PATH + dataset + "/download")
    assert (gone.status_code, gone.json()["detail"]) == (
        404,
        f"Dataset with ID {dataset} not found: error getting dataset download",
    )


async def test_an_unknown_dataset_is_not_found_and_a_wrong_id_refused(client):
    missing = uuid4()
    for method in ("GET", "DELETE"):
        answer = await client.request(method, f"{PATH}{missing}")
        assert (answer.status_code, answer.json()["detail"]) == (404, f"Dataset with ID {missing} not found")
        assert (await client.request(method, PATH + "nonsense")).status_code == 422


async def test_a_dataset_in_use_is_kept_and_its_users_are_named(client, submit, turn, work, runner, dataset):
    number = await experiment(client, dataset)
    created = (await client.post("/api/v1/workflows/", json=workflow(number, name="slow"))).json()
    job_id = (await submit(inference(dataset, name="slow")))["id"]
    await turn()
    answer = await client.delete(PATH + dataset)
    assert answer.status_code == 409
    words = answer.json()["detail"]
    assert f"job {job_id}" in words and f"workflow {created['id']}" in words
    for submission in list(runner.submissions):
        await runner.finish(submission.id)
    runner.script = _succeed
    await work()
    assert (await client.delete(PATH + dataset)).status_code == 204


async def _succeed(_):
    return SUCCEEDS


async def test_finished_jobs_keep_the_name_of_their_deleted_dataset(client, read, submit, work, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    await client.delete(PATH + dataset)
    job = await read(f"jobs/{job_id}")
    assert job["config"]["dataset"] == {"id": dataset, "name": "dialogues.csv"}
    assert (await read("jobs/"))["total"] == 1


async def test_a_deletion_stands_although_the_store_is_down_and_is_completed_later(client, read, store, parts):
    dataset = await upload(client)
    store.unavailable = "no answer in time"
    assert (await client.delete(PATH + dataset)).status_code == 204
    assert (await client.get(PATH + dataset)).status_code == 404
    await parts.datasets().purge_deleted()
    assert len(store.objects) == 4
    store.unavailable = None
    assert await parts.datasets().purge_deleted() == 1
    assert store.objects == {}
    assert await parts.datasets().purge_deleted() == 0


async def test_a_deletion_that_its_process_did_not_live_to_complete_is_completed_later(client, parts, store, database):
    dataset = await upload(client)
    await database.execute("update dataset set deleted_at = now() where id = $1", dataset)
    assert await parts.datasets().purge_deleted() == 1
    assert store.objects == {}


async def test_a_dataset_without_files_has_no_download(client, store):
    dataset = await upload(client)
    store.objects.clear()
    answer = await client.get(f"{PATH}{dataset}/download")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"Dataset with ID {dataset} not found")


async def test_a_job_and_a_deletion_at_the_same_time_do_not_both_succeed(client, work):
    for _ in range(5):
        dataset = await upload(client)
        posted, deleted = await asyncio.gather(
            client.post("/api/v1/jobs/inference/", json=inference(dataset)), client.delete(PATH + dataset)
        )
        assert (posted.status_code, deleted.status_code) in {(201, 409), (404, 204)}
    await work()
