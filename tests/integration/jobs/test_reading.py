"""What a job shows while it waits, runs and after its end, and in Ray's form."""

import csv
from uuid import uuid4

import pytest
from tests.builders import inference, upload

from touchstone_jobs import wire


async def test_a_job_goes_from_created_over_pending_and_running_to_succeeded(read, submit, turn, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    seen = [await read(f"jobs/{job_id}")]
    while seen[-1]["status"] != "succeeded":
        await turn()
        seen.append(await read(f"jobs/{job_id}"))
    words = [job["status"] for job in seen]
    assert list(dict.fromkeys(words)) == ["created", "pending", "running", "succeeded"]
    assert seen[0]["start_time"] is seen[0]["end_time"] is seen[0]["started_at"] is seen[0]["finished_at"] is None
    assert seen[-1]["started_at"] and seen[-1]["finished_at"] and seen[-1]["updated_at"]
    assert (seen[-1]["start_time"], seen[-1]["end_time"]) == (seen[-1]["started_at"], seen[-1]["finished_at"])
    assert all(moment.endswith("Z") for moment in (seen[-1]["started_at"], seen[-1]["finished_at"]))


async def test_an_ended_job_shows_its_progress_and_what_the_cluster_told(read, submit, work, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    job = await read(f"jobs/{job_id}")
    assert job["progress"] == {"done": 2, "total": 2, "failed": 0, "rate_per_second": 1.0}
    assert (job["driver_exit_code"], job["driver_node_id"]) == (0, "fake-node")
    assert job["failure_reason"] is None
    assert job["message"] == "Job finished successfully."


async def test_a_running_job_shows_the_progress_that_its_attempt_wrote(read, submit, turn, store, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    await turn()
    progress = b'{"done":3,"total":10,"failed":1,"rate_per_second":1.5}'
    await store.put(f"jobs/work/{job_id}/1/{wire.PROGRESS_FILE}", progress)
    await turn()
    job = await read(f"jobs/{job_id}")
    assert job["progress"] == {"done": 3, "total": 10, "failed": 1, "rate_per_second": 1.5}


async def test_a_failed_job_says_why(read, submit, work, dataset):
    job_id = (await submit(inference(dataset, name="fail please")))["id"]
    await work()
    job = await read(f"jobs/{job_id}")
    assert job["status"] == "failed"
    assert job["failure_reason"] == {"code": "failed_as_told", "message": "The job was told to fail."}
    assert job["message"] == "The job was told to fail."
    assert (job["driver_exit_code"], job["attempt"]) == (1, 1)


async def test_the_log_is_read_while_the_job_runs_and_after_its_end(read, submit, turn, runner, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    assert (await read(f"jobs/{job_id}/logs")) == {"logs": ""}
    while not runner.runs[f"{job_id}-1"].printed if runner.runs else True:
        await turn()
    await turn()
    first = f"Attempt 1 of job {job_id} begins\n"
    assert (await read(f"jobs/{job_id}/logs"))["logs"] == first
    runner.runs[f"{job_id}-1"].printed += "half of it 🐊\n"
    await turn()
    assert (await read(f"jobs/{job_id}/logs"))["logs"] == first + "half of it 🐊\n"
    runner.runs[f"{job_id}-1"].printed += "done\n"
    await runner.finish(f"{job_id}-1")
    await turn()
    runner.runs.clear()
    assert (await read(f"jobs/{job_id}/logs"))["logs"] == first + "half of it 🐊\ndone\n"


async def test_a_log_with_nul_characters_is_kept(read, submit, work, turn, runner, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    await turn()
    runner.runs[f"{job_id}-1"].printed = "before\x00after"
    await runner.finish(f"{job_id}-1")
    await work()
    assert (await read(f"jobs/{job_id}/logs"))["logs"].startswith("before\ufffdafter")


@pytest.mark.parametrize("place", ["", "/logs", "/events", "/result", "/result/download"])
async def test_an_unknown_job_is_not_found(client, place):
    job_id = uuid4()
    answer = await client.get(f"/api/v1/jobs/{job_id}{place}")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"Job with ID {job_id} not found")


@pytest.mark.parametrize("place", ["", "/logs", "/result", "/dataset"])
async def test_an_id_that_is_none_is_refused(client, place):
    answer = await client.get(f"/api/v1/jobs/not-an-id{place}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["path", "job_id"]


async def test_the_result_names_the_metrics_once_the_job_has_succeeded(client, read, submit, work, dataset):
    body = {"name": "scores", "dataset": dataset, "job_config": {"metrics": ["rouge"]}}
    job_id = (await submit(body, "evaluator"))["id"]
    early = await client.get(f"/api/v1/jobs/{job_id}/result")
    assert early.status_code == 404 and "no result yet" in early.json()["detail"]
    await work()
    result = await read(f"jobs/{job_id}/result")
    assert result["id"] == result["job_id"] == job_id
    assert result["metrics"] == {f"rouge_{name}_mean": 0.5 for name in ("rouge1", "rouge2", "rougeL", "rougeLsum")}


async def test_the_results_are_downloaded_from_a_signed_link(client, read, submit, work, dataset):
    job_id = (await submit(inference(dataset, name="an inference / of mine")))["id"]
    await work()
    download = await read(f"jobs/{job_id}/result/download")
    assert download["id"] == job_id
    answer = await client.get(download["download_url"])
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="results.json"')
    assert answer.json()["artifacts"]["predictions"] == ["Hello there how", "Good bye now"]
    assert answer.json()["parameters"]["dataset"] == {"id": dataset, "name": "dialogues.csv"}


async def test_an_annotation_becomes_a_dataset(client, read, submit, work):
    source = await upload(client, "examples,topic\nHello there how are you,greetings\n", name="plain.csv")
    job_id = (await submit({"name": "labels", "dataset": source, "job_config": {}}, "annotate"))["id"]
    early = await client.get(f"/api/v1/jobs/{job_id}/dataset")
    assert early.status_code == 422
    assert early.json()["detail"] == f"Dataset not available: not found using job ID: {job_id}"
    await work()
    made = await read(f"jobs/{job_id}/dataset")
    assert made["filename"] == "plain-annotated.csv"
    assert (made["generated"], made["generated_by"], made["run_id"]) == (True, "facebook/bart-large-cnn", job_id)
    assert (made["ground_truth"], made["row_count"]) == (True, 1)
    [url] = (await read(f"datasets/{made['id']}/download?extension=csv"))["download_urls"]
    assert list(csv.reader((await client.get(url)).text.splitlines())) == [
        ["examples", "topic", "ground_truth"],
        ["Hello there how are you", "greetings", "Hello there how"],
    ]


async def test_an_inference_makes_a_dataset_only_when_asked(client, submit, work, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    answer = await client.get(f"/api/v1/jobs/{job_id}/dataset")
    assert answer.status_code == 422


async def test_the_dataset_of_an_unknown_job_is_not_available(client):
    job_id = uuid4()
    answer = await client.get(f"/api/v1/jobs/{job_id}/dataset")
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        f"Dataset not available: not found using job ID: {job_id}",
    )


async def test_clients_of_ray_find_the_job_in_its_form(client, submit, turn, work, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    seen = [(await client.get(f"/api/jobs/{job_id}")).json()]
    while seen[-1]["status"] not in ("SUCCEEDED", "FAILED"):
        await turn()
        seen.append((await client.get(f"/api/jobs/{job_id}")).json())
    assert list(dict.fromkeys(job["status"] for job in seen)) == ["PENDING", "RUNNING", "SUCCEEDED"]
    last = seen[-1]
    assert last["submission_id"] == job_id and last["type"] == "SUBMISSION"
    assert last["metadata"] == {"job_type": "inference"} and last["runtime_env"] == {}
    assert 0 < last["start_time"] <= 2**53 and last["end_time"] > 0
    assert (await client.get(f"/api/jobs/{uuid4()}")).status_code == 404


async def test_reads_do_not_ask_the_cluster(client, submit, work, runner, dataset):
    job_id = (await submit(inference(dataset)))["id"]
    await work()
    runner.go_down()
    paths = [
        "jobs/",
        f"jobs/{job_id}",
        f"jobs/{job_id}/logs",
        f"jobs/{job_id}/result",
        f"jobs/{job_id}/result/download",
    ]
    answers = [await client.get(f"/api/v1/{path}") for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
