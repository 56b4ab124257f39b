"""From the inference to the evaluation and the end, and what the details say on the way."""

import msgspec
import pytest
from tests.fakes.runner import LEAVES_NOTHING, RUNS_ON, SUCCEEDS

from touchstone_jobs import wire


async def test_a_workflow_runs_as_soon_as_a_job_does_and_never_goes_back(start, read, turn, runner):
    created = await start()
    seen = [created["status"]]
    while seen[-1] not in ("succeeded", "failed"):
        await turn()
        seen.append((await read(f"workflows/{created['id']}"))["status"])
    assert list(dict.fromkeys(seen)) == ["created", "running", "succeeded"]
    assert seen == sorted(seen, key=["created", "running", "succeeded"].index)


async def test_a_lost_first_attempt_does_not_take_the_workflow_back(start, read, turn, runner):
    created = await start(name="slow")
    for _ in range(3):
        await turn()
    runner.lose(runner.submissions[0].id)
    await turn()
    assert (await read(f"workflows/{created['id']}"))["status"] == "running"


async def test_the_predictions_become_a_dataset_that_the_evaluation_reads(start, read, work, jobs_of, dataset):
    created = await start(model="some/model")
    await work()
    jobs = await jobs_of(created["id"])
    made = await read(f"jobs/{jobs['inference']['id']}/dataset")
    assert made["filename"] == "dialogues-some-model-predictions.csv"
    assert made["columns"] == ["examples", "ground_truth", "predictions"]
    assert (made["generated"], made["generated_by"]) == (False, "some/model"), "the flag is that of the source"
    assert made["run_id"] == jobs["inference"]["id"]
    assert jobs["evaluation"]["config"]["dataset"] == {"id": made["id"], "name": made["filename"]}
    assert jobs["inference"]["config"]["dataset"]["id"] == dataset


async def test_the_details_unite_metrics_and_parameters_of_both_jobs(start, read, work, jobs_of):
    created = await start()
    await work()
    details = await read(f"workflows/{created['id']}")
    jobs = await jobs_of(created["id"])
    inference, evaluation = jobs["inference"]["id"], jobs["evaluation"]["id"]
    assert [job["id"] for job in details["jobs"]] == [evaluation, inference], "newest first"
    parameters = details["parameters"]
    assert parameters["ray_job_id"] == parameters["inference_ray_job_id"] == inference
    assert parameters["eval_output_s3_path"].endswith(f"/jobs/results/a-workflow-evaluation/{evaluation}/results.json")
    assert parameters["inference_output_s3_path"].endswith(f"/a-workflow-inference/{inference}/results.json")
    assert set(parameters) == {
        "ray_job_id",
        "inference_ray_job_id",
        "eval_output_s3_path",
        "inference_output_s3_path",
    }
    assert details["metrics"] == {f"rouge_{name}_mean": 0.5 for name in ("rouge1", "rouge2", "rougeL", "rougeLsum")}
    assert {"name": "rouge_rouge1_mean", "value": 0.5} in details["jobs"][0]["metrics"]
    assert {"name": "ray_job_id", "value": evaluation} in details["jobs"][0]["parameters"]
    assert details["jobs"][0]["metric_url"] == details["jobs"][0]["artifact_url"] == ""


async def test_the_details_tell_times_and_progress(start, read, work):
    created = await start()
    first = await read(f"workflows/{created['id']}")
    assert first["started_at"] is first["finished_at"] is first["progress"] is None
    await work()
    last = await read(f"workflows/{created['id']}")
    assert last["created_at"] <= last["finished_at"] and last["started_at"]
    assert last["progress"] == {"done": 4, "total": 4, "failed": 0, "rate_per_second": 0.0}
    assert last["failure_reason"] is None


async def test_the_compiled_results_merge_both_jobs(client, start, read, work, jobs_of, dataset):
    created = await start()
    early = await client.get(f"/api/v1/workflows/{created['id']}/result/download")
    assert early.status_code == 409, early.text
    assert (await read(f"workflows/{created['id']}"))["artifacts_download_url"] is None
    await work()
    url = await read(f"workflows/{created['id']}/result/download")
    compiled = (await client.get(url)).json()
    assert compiled["metrics"]["rouge"]["rouge1_mean"] == 0.5
    assert compiled["artifacts"]["predictions"] == ["Hello there how", "Good bye now"]
    assert {"evaluation_time", "inference_time", "model"} <= set(compiled["artifacts"])
    inference = (await jobs_of(created["id"]))["inference"]
    assert compiled["parameters"]["name"] == inference["config"]["name"]
    assert compiled["parameters"]["dataset"]["id"] == dataset
    linked = (await read(f"workflows/{created['id']}"))["artifacts_download_url"]
    assert (await client.get(linked)).json() == compiled


async def test_any_output_field_is_evaluated(start, read, work, jobs_of):
    created = await start(inference_output_field="answers of mine")
    await work()
    details, jobs = await read(f"workflows/{created['id']}"), await jobs_of(created["id"])
    assert details["status"] == "succeeded"
    made = await read(f"jobs/{jobs['inference']['id']}/dataset")
    assert made["columns"] == ["examples", "ground_truth", "answers of mine"]
    assert jobs["evaluation"]["config"]["predictions_field"] == "answers of mine"


@pytest.mark.parametrize(("name", "code"), [("fail", "failed_as_told"), ("noresult", "results_missing")])
async def test_a_failed_inference_fails_the_workflow_with_its_reason(start, read, work, jobs_of, name, code):
    created = await start(name=name)
    await work()
    details, jobs = await read(f"workflows/{created['id']}"), await jobs_of(created["id"])
    assert (details["status"], details["failure_reason"]["code"]) == ("failed", code)
    assert f"inference job {jobs['inference']['id']}" in details["failure_reason"]["message"]
    assert details["finished_at"] and set(jobs) == {"inference"}
    assert details["artifacts_download_url"] is None


async def test_a_failed_evaluation_fails_the_workflow_and_leaves_the_inference(start, read, work, jobs_of, runner):
    created = await start()
    fate = runner.script

    async def fail_evaluation(submission):
        return LEAVES_NOTHING if submission.metadata["job_type"] == "evaluator" else await fate(submission)

    runner.script = fail_evaluation
    await work()
    details, jobs = await read(f"workflows/{created['id']}"), await jobs_of(created["id"])
    assert (details["status"], details["failure_reason"]["code"]) == ("failed", "results_missing")
    assert (jobs["inference"]["status"], jobs["evaluation"]["status"]) == ("succeeded", "failed")


async def test_an_inference_that_leaves_no_dataset_fails_the_workflow(start, read, work, runner, store):
    created = await start()
    doing = runner.work

    async def forget_the_dataset(submission):
        await doing(submission)
        outcome = wire.Outcome(attempt=1, succeeded=True, progress=wire.Progress())
        job_id = submission.metadata["job_id"]
        await store.put(f"jobs/work/{job_id}/1/{wire.OUTCOME_FILE}", msgspec.json.encode(outcome))

    runner.work = forget_the_dataset
    await work()
    details = await read(f"workflows/{created['id']}")
    assert (details["status"], details["failure_reason"]["code"]) == ("failed", "no_predictions")


@pytest.mark.parametrize("step", ["inference", "evaluation"])
async def test_each_job_has_the_whole_timeout_for_itself(start, read, turn, work, jobs_of, runner, database, step):
    created = await start(job_timeout_sec=30)

    async def hang(submission):
        return RUNS_ON if submission.metadata["name"].endswith(step) else SUCCEEDS

    runner.script = hang
    while step not in (jobs := await jobs_of(created["id"])) or jobs[step]["status"] != "running":
        await turn()
    await database.execute("update job set submitted_at = submitted_at - interval '31 seconds' where step = $1", step)
    await work()
    details, jobs = await read(f"workflows/{created['id']}"), await jobs_of(created["id"])
    assert (details["status"], details["failure_reason"]["code"]) == ("failed", "timeout")
    assert jobs[step]["status"] == "stopped"


async def test_logs_are_joined_the_oldest_job_first(start, read, work, jobs_of):
    created = await start()
    assert (await read(f"workflows/{created['id']}/logs"))["logs"] == ""
    await work()
    jobs = await jobs_of(created["id"])
    first, second = (await read(f"workflows/{created['id']}/logs"))["logs"].split("\n================\n")
    assert jobs["inference"]["id"] in first and jobs["evaluation"]["id"] in second


async def test_samples_that_may_fail_are_told_to_the_inference(start, turn, store, jobs_of):
    created = await start(name="slow", max_failed_samples=3)
    await turn()
    job_id = (await jobs_of(created["id"]))["inference"]["id"]
    config = msgspec.json.decode(await store.get(f"jobs/work/{job_id}/1/config.json"), type=wire.JobConfig)
    assert config.inference and config.inference.max_failed_samples == 3
