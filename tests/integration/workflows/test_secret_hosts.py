"""Over HTTP: a secret paired with an address that is not its own is refused before anything is queued."""

import pytest
from tests.builders import inference, workflow

JUDGE = {"model_name": "judge", "model_base_url": "http://judge.local/v1"}


@pytest.fixture(autouse=True)
async def secrets(client) -> None:
    for name, hosts in (("mine", []), ("wide", ["gpu.local", "judge.local"]), ("openai_api_key", [])):
        body = {"value": "v", "description": "", "allowed_hosts": hosts}
        assert (await client.put(f"/api/v1/settings/secrets/{name}", json=body)).status_code == 201


def endpoint(name: str, url: str = "http://gpu.local/v1") -> dict:
    return {"provider": "openai", "model": "m", "base_url": url, "secret_key_name": name}


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("inference", endpoint("mine")),
        ("annotate", endpoint("mine")),
        ("evaluator", {"llm_as_judge": JUDGE, "secret_key_name": "mine"}),
        ("inference", {"provider": "ollama", "model": "m", "secret_key_name": "mine"}),
        ("inference", endpoint("wide", "http://169.254.169.254/v1")),
        ("inference", {"provider": "hf", "model": "m", "trust_remote_code": True}),
    ],
)
async def test_such_a_job_is_refused(client, read, dataset, kind, config):
    answer = await client.post(f"/api/v1/jobs/{kind}/", json={"name": "x", "dataset": dataset, "job_config": config})
    assert answer.status_code == 400, answer.text
    assert (await read("jobs/"))["total"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        endpoint("mine"),
        {"base_url": "http://169.254.169.254/v1"},
        {"metrics": ["g_eval_summarization"], "llm_as_judge": {**JUDGE, "model_base_url": "http://metadata/v1"}},
    ],
)
async def test_such_a_workflow_is_refused(client, read, experiment_id, fields):
    answer = await client.post("/api/v1/workflows/", json={**workflow(experiment_id), **fields})
    assert answer.status_code == 400, answer.text
    assert (await read("workflows/"))["total"] == (await read("jobs/"))["total"] == 0


async def test_with_hosts_that_its_owner_listed_all_of_it_is_queued(client, start, submit, dataset):
    await submit(inference(dataset, **endpoint("wide")))
    await submit(
        {"name": "x", "dataset": dataset, "job_config": {"llm_as_judge": JUDGE, "secret_key_name": "wide"}}, "evaluator"
    )
    await start(**endpoint("wide"))
