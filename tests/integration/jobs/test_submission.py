"""Posting jobs: what is filled in, what is refused, what the answer says."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.builders import inference

KINDS = ["inference", "annotate", "evaluator"]
GENERATION = {"max_new_tokens": 1024, "frequency_penalty": 0.0, "temperature": 0.5, "top_p": 0.5}


def body_of(kind: str, dataset: str, **fields: Any) -> dict[str, Any]:
    configs: dict[str, Any] = {
        "inference": {"model": "lead-1", "provider": "baseline"},
        "annotate": {},
        "evaluator": {},
    }
    return {"name": "a job", "dataset": dataset, "job_config": {"job_type": kind, **configs[kind]}, **fields}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_submitted_job_is_created_and_found_at_its_location(client, dataset, kind):
    answer = await client.post(f"/api/v1/jobs/{kind}/", json=body_of(kind, dataset))
    created = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"http://127.0.0.1:8000/api/v1/jobs/{created['id']}"
    assert {name: created[name] for name in ("name", "description", "status", "job_type")} == {
        "name": "a job",
        "description": "",
        "status": "created",
        "job_type": kind,
    }
    assert created["experiment_id"] is None and created["created_at"].endswith("Z")
    found = (await client.get(answer.headers["location"])).json()
    assert found["id"] == found["job_id"] == found["submission_id"] == created["id"]
    assert (found["type"], found["metadata"], found["attempt"]) == ("SUBMISSION", {"job_type": kind}, 1)


async def test_an_inference_shows_its_config_with_every_default_filled_in(read, submit, dataset):
    created = await submit(inference(dataset, name='it\'s a "job"'))
    config = (await read(f"jobs/{created['id']}"))["config"]
    assert config == {
        "name": f'it\'s a "job"/{created["id"]}',
        "dataset": {"id": dataset, "name": "dialogues.csv"},
        "job": {
            "max_samples": -1,
            "batch_size": 1,
            "storage_path": config["job"]["storage_path"],
            "output_field": "predictions",
            "enable_tqdm": True,
        },
        "system_prompt": None,
        "inference_server": {"base_url": None, "model": "lead-1", "provider": "baseline", "max_retries": 3},
        "generation_config": GENERATION,
        "hf_pipeline": None,
        "task_definition": {"task": "summarization"},
        "max_samples": -1,
        "model_name_or_path": "lead-1",
    }
    assert config["job"]["storage_path"].endswith(f"/jobs/results/it-s-a--job-/{created['id']}/results.json")


async def test_an_annotation_takes_a_summarizer_of_hugging_face_and_writes_ground_truth(read, submit, dataset):
    created = await submit({"name": "labels", "dataset": dataset, "job_config": {}}, "annotate")
    config = (await read(f"jobs/{created['id']}"))["config"]
    assert config["job"]["output_field"] == "ground_truth"
    assert config["model_name_or_path"] == "facebook/bart-large-cnn"
    assert config["hf_pipeline"] == {
        "model_name_or_path": "facebook/bart-large-cnn",
        "task": "summarization",
        "revision": "main",
        "use_fast": True,
        "trust_remote_code": False,
        "torch_dtype": "auto",
        "accelerator": "auto",
        "truncation": True,
    }
    assert config["inference_server"] is None


@pytest.mark.parametrize(
    ("task", "metrics"),
    [
        ({"task": "summarization"}, ["bertscore", "meteor", "rouge"]),
        ({"task": "translation", "source_language": "en", "target_language": "de"}, ["bleu", "comet", "meteor"]),
        ({"task": "text-generation"}, ["bertscore", "bleu", "meteor", "rouge"]),
    ],
)
async def test_an_evaluation_takes_the_metrics_of_its_task(read, submit, dataset, task, metrics):
    created = await submit({"name": "scores", "dataset": dataset, "job_config": {"task_definition": task}}, "evaluator")
    config = (await read(f"jobs/{created['id']}"))["config"]
    assert config["evaluation"]["metrics"] == metrics
    assert config["evaluation"]["return_input_data"] is config["evaluation"]["return_predictions"] is True
    assert "llm_as_judge" not in config["evaluation"]
    assert (config["predictions_field"], config["model_name_or_path"]) == ("predictions", None)


async def test_a_credential_in_a_config_is_not_shown(client, read, submit, dataset):
    await client.put("/api/v1/settings/secrets/mine_api_key", json={"value": "s3cret", "description": ""})
    created = await submit(inference(dataset, secret_key_name="mine_api_key", provider="openai", model="m"))
    shown = await client.get(f"/api/v1/jobs/{created['id']}")
    assert "s3cret" not in shown.text and "mine_api_key" not in shown.text
    assert shown.json()["config"]["generation_config"]["max_new_tokens"] == 1024


@pytest.mark.parametrize("kind", KINDS)
async def test_a_secret_that_nobody_stored_is_refused(client, dataset, kind):
    body = body_of(kind, dataset)
    body["job_config"]["secret_key_name"] = "nobody_api_key"
    answer = await client.post(f"/api/v1/jobs/{kind}/", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "Cannot create job 'a job': Requested secret key 'nobody_api_key' is not configured."
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_a_dataset_that_is_not_there_is_not_found_and_leaves_no_job(client, read, dataset, kind):
    missing = str(uuid4())
    answer = await client.post(f"/api/v1/jobs/{kind}/", json=body_of(kind, missing))
    assert (answer.status_code, answer.json()["detail"]) == (404, f"Dataset with ID {missing} not found")
    assert (await read("jobs/"))["total"] == 0


async def test_an_unknown_metric_is_refused_at_its_place_with_the_known_ones(client, dataset):
    body = body_of("evaluator", dataset)
    body["job_config"]["metrics"] = ["rouge", "blue"]
    answer = await client.post("/api/v1/jobs/evaluator/", json=body)
    assert answer.status_code == 422
    [fault] = answer.json()["detail"]
    assert fault["loc"] == ["body", "job_config", "metrics"]
    assert "blue" in fault["msg"] and "g_eval_translation_noref" in fault["msg"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"batch_size": 0}, ["body", "batch_size"]),
        ({"dataset": "no uuid"}, ["body", "dataset"]),
        ({"name": None}, ["body", "name"]),
        ({"job_timeout_sec": 0}, ["body", "job_timeout_sec"]),
        ({"job_config": {"provider": "hf"}}, ["body", "job_config", "model"]),
        ({"job_config": {"model": "m", "provider": "hf", "job_type": "annotate"}}, ["body", "job_config", "job_type"]),
        (
            {"job_config": {"model": "m", "provider": "hf", "generation_config": {"seed": 1}}},
            ["body", "job_config", "generation_config", "seed"],
        ),
    ],
)
async def test_a_fault_of_the_body_is_named_by_its_place(client: httpx.AsyncClient, dataset, change, place):
    answer = await client.post("/api/v1/jobs/inference/", json={**inference(dataset), **change})
    assert answer.status_code == 422, answer.text
    assert [fault["loc"] for fault in answer.json()["detail"]] == [place]


@pytest.mark.parametrize("samples", [0, -7, "10"])
async def test_a_number_of_samples_is_taken_as_it_is(read, submit, dataset, samples):
    created = await submit({**inference(dataset), "max_samples": samples})
    assert (await read(f"jobs/{created['id']}"))["config"]["max_samples"] == int(samples)


@pytest.mark.parametrize(
    "name", ["it's; rm -rf / && echo", "line\nbreak\ttab", "🐊" * 250, "x" * 1000, "../../etc/passwd", "", " "]
)
async def test_any_name_goes_through_the_whole_of_a_job(read, submit, work, dataset, name):
    created = await submit(inference(dataset, name=name, store_to_dataset=True))
    await work()
    job = await read(f"jobs/{created['id']}")
    assert (job["status"], job["name"]) == ("succeeded", name), job
    assert (await read(f"jobs/{created['id']}/dataset"))["filename"] == "dialogues-annotated.csv"


@pytest.mark.parametrize("name", ["x" * 1001, "nul\x00nul"])
async def test_a_name_that_cannot_be_kept_is_refused_clearly(client, dataset, name):
    answer = await client.post("/api/v1/jobs/inference/", json=inference(dataset, name=name))
    assert answer.status_code == 422, answer.text


async def test_the_kinds_cannot_be_posted_without_their_word(client, dataset):
    assert (await client.post("/api/v1/jobs/", json=inference(dataset))).status_code == 405
    assert (await client.post("/api/v1/jobs/evaluate/", json=inference(dataset))).status_code == 405
