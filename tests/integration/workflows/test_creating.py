"""Creating workflows: what they take over, what is refused and in which order."""

import pytest
from tests.builders import experiment, workflow

TRANSLATION = {"task": "translation", "source_language": "English", "target_language": "de"}


async def test_a_created_workflow_answers_what_the_contract_says(client, dataset):
    number = await experiment(client, dataset)
    answer = await client.post("/api/v1/workflows/", json=workflow(number, description="why"))
    created = answer.json()
    assert answer.status_code == 201
    assert len(created["id"]) == 32 and int(created["id"], 16)
    assert {name: created[name] for name in ("experiment_id", "model", "name", "description", "status")} == {
        "experiment_id": number,
        "model": "lead-1",
        "name": "a workflow",
        "description": "why",
        "status": "created",
    }
    assert created["system_prompt"] and created["created_at"].endswith("Z") and created["updated_at"] is None


async def test_the_inference_takes_over_what_experiment_and_request_say(client, start, jobs_of, database, dataset):
    number = await experiment(client, dataset, max_samples=1, task_definition=TRANSLATION)
    generation = {"temperature": 0.1, "top_p": 0.2}
    created = await start(
        experiment_id=number,
        provider="openai",
        base_url="http://localhost:9/v1",
        batch_size=7,
        system_prompt="Do it.",
        inference_output_field="answers",
        generation_config=generation,
        job_timeout_sec=11,
        description="why",
    )
    job = (await jobs_of(created["id"]))["inference"]
    config = job["config"]
    assert (job["name"], job["description"], job["job_type"]) == ("a workflow-inference", "why", "inference")
    assert config["job"]["output_field"] == "answers"
    assert (config["job"]["batch_size"], config["max_samples"], config["system_prompt"]) == (7, 1, "Do it.")
    assert config["task_definition"] == TRANSLATION
    assert config["generation_config"] == {"max_new_tokens": 1024, "frequency_penalty": 0.0, **generation}
    assert config["inference_server"]["base_url"] == "http://localhost:9/v1"
    assert config["dataset"]["id"] == dataset
    assert await database.fetch_value("select timeout_seconds from job") == 11


async def test_an_empty_prompt_becomes_that_of_the_task(client, start, dataset):
    summarizing = await start(system_prompt="")
    assert "at most two sentences" in summarizing["system_prompt"]
    number = await experiment(client, dataset, task_definition=TRANSLATION)
    translating = await start(experiment_id=number)
    assert "from English to de" in translating["system_prompt"]


async def test_text_generation_has_no_prompt_of_its_own(client, read, dataset):
    number = await experiment(client, dataset, task_definition={"task": "text-generation"})
    answer = await client.post("/api/v1/workflows/", json=workflow(number))
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Default system_prompt not available for text-generation"
    assert (await client.post("/api/v1/workflows/", json=workflow(number, system_prompt="Go"))).status_code == 201


@pytest.mark.parametrize("number", [None, "", "0", "99999", "all", "-1", "9" * 30, "1.0", "²"])
async def test_an_experiment_that_is_not_there_is_refused(client, read, number):
    answer = await client.post("/api/v1/workflows/", json=workflow(number))
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "Cannot create workflow 'a workflow': No experiment found.",
    )
    assert (await read("jobs/"))["total"] == 0


async def test_a_deleted_experiment_is_not_there(client, experiment_id):
    await client.delete(f"/api/v1/experiments/{experiment_id}")
    answer = await client.post("/api/v1/workflows/", json=workflow(experiment_id))
    assert answer.status_code == 400 and "No experiment found" in answer.json()["detail"]


async def test_a_secret_that_nobody_stored_is_refused(client, read, experiment_id):
    answer = await client.post("/api/v1/workflows/", json=workflow(experiment_id, secret_key_name="x_api_key"))
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "Cannot create workflow 'a workflow' for experiment 'an experiment': "
        "Requested secret key 'x_api_key' is not configured.",
    )
    assert (await read("workflows/"))["total"] == (await read("jobs/"))["total"] == 0


async def test_a_judge_without_an_endpoint_needs_the_secret_of_openai(
    client, start, work, jobs_of, database, experiment_id
):
    body = workflow(experiment_id, metrics=["rouge", "g_eval_summarization"])
    refused = await client.post("/api/v1/workflows/", json=body)
    assert refused.status_code == 400 and "'openai_api_key'" in refused.json()["detail"]
    await client.put("/api/v1/settings/secrets/openai_api_key", json={"value": "v", "description": ""})
    created = await start(metrics=["rouge", "g_eval_summarization"])
    await work()
    configs = await database.fetch_value("select json_object_agg(step, config->>'secret_key_name') from job")
    assert configs == {"inference": None, "evaluation": "openai_api_key"}
    assert (await jobs_of(created["id"]))["evaluation"]["status"] == "succeeded"


async def test_a_judge_with_an_endpoint_of_its_own_needs_none(start, work, jobs_of):
    judge = {"model_name": "judge", "model_base_url": "http://localhost:9/v1"}
    created = await start(metrics=["g_eval_summarization"], llm_as_judge=judge)
    await work()
    config = (await jobs_of(created["id"]))["evaluation"]["config"]
    assert config["evaluation"]["llm_as_judge"] == judge


async def test_further_judges_reach_the_evaluation_and_need_no_first_one(start, work, jobs_of):
    judges = [{"model_name": name, "model_base_url": f"http://localhost:9/{name}"} for name in ("a", "b")]
    created = await start(metrics=["g_eval_summarization"], judges=judges)
    await work()
    config = (await jobs_of(created["id"]))["evaluation"]["config"]
    assert config["evaluation"]["judges"] == judges
    assert "llm_as_judge" not in config["evaluation"]


async def test_prices_of_ones_own_reach_the_inference(start, database):
    prices = {"prompt_usd_per_million": 1.5, "completion_usd_per_million": 3.0}
    await start(prices=prices)
    assert await database.fetch_value("select config->'prices' from job") == prices


async def test_a_judge_at_machine_metadata_is_refused(client, experiment_id):
    judges = [{"model_name": "j", "model_base_url": "http://169.254.169.254/v1"}]
    answer = await client.post("/api/v1/workflows/", json=workflow(experiment_id, metrics=["rouge"], judges=judges))
    assert answer.status_code == 400
    assert "169.254.169.254" in answer.json()["detail"]


@pytest.mark.parametrize("metrics", [["blue"], ["rouge", "blue"]])
async def test_unknown_metrics_are_refused_at_their_place(client, experiment_id, metrics):
    answer = await client.post("/api/v1/workflows/", json=workflow(experiment_id, metrics=metrics))
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "metrics"]


@pytest.mark.parametrize("metrics", [None, []])
async def test_without_metrics_the_task_chooses(start, work, jobs_of, metrics):
    created = await start(metrics=metrics)
    await work()
    config = (await jobs_of(created["id"]))["evaluation"]["config"]
    assert config["evaluation"]["metrics"] == ["bertscore", "meteor", "rouge"]


async def test_what_other_clients_send_besides_is_ignored(client, dataset, experiment_id):
    extras = {"id": "x", "dataset": dataset, "task": "summarization", "task_definition": {}, "max_samples": 3}
    answer = await client.post("/api/v1/workflows/", json=workflow(experiment_id, config_template="old", **extras))
    assert answer.status_code == 201


async def test_a_deleted_dataset_is_not_found(client, dataset, experiment_id):
    assert (await client.delete(f"/api/v1/datasets/{dataset}")).status_code == 204
    answer = await client.post("/api/v1/workflows/", json=workflow(experiment_id))
    assert (answer.status_code, answer.json()["detail"]) == (404, f"Dataset with ID {dataset} not found")


@pytest.mark.parametrize("name", ["it's; rm -rf /", "🐊" * 200, "../..", "x" * 1000, ""])
async def test_any_name_goes_through_the_whole_of_a_workflow(start, read, work, name):
    created = await start(name=name)
    await work()
    details = await read(f"workflows/{created['id']}")
    assert (details["status"], details["name"]) == ("succeeded", name), details
