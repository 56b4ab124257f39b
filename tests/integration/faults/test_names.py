"""Names that nobody expects, in every place that takes one: they work to the end, or are refused as what they are."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.builders import DIALOGUES, experiment, inference, upload, workflow
from tests.fakes.runner import FakeRunner

from touchstone.adapters.local_store import LocalStore
from touchstone.adapters.signed_urls import SignedUrls
from touchstone.assembly import Assembly
from touchstone.settings import Settings
from touchstone_jobs.wire import JobConfig

Work = Callable[[], Awaitable[int]]

NAMES = {
    "quotes": """it's "quoted" `twice`""",
    "a shell": "$(touch /tmp/hurt); rm -rf * | tee & # \\",
    "an option": "--help",
    "newlines": "first\nsecond\r\nthird\ttabbed",
    "emoji": "🦄 👩‍👩‍👧‍👦 🏳️‍🌈",
    "letters of many bytes": "é漢ß" * 50,
    "1,000 characters": "x" * 1000,
    "1,000 characters of many bytes": "漢" * 1000,
    "a way up": "../../../../etc/passwd",
    "dots": "..",
    "a dot": ".",
    "slashes": "/a//b/./c/",
    "written the other way": "\u202etxt.exe\u202c \u200f\u200b",
    "combined signs": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "percents": "%s %d %(name)s 100% %2e%2e%2f",
    "braces": "{} {0} {name} {self.__class__.__init__.__globals__} {{",
    "control characters": "\x1b[31mred\x1b[0m \x07\x7f",
    "a script": "<script>alert(1)</script>&amp;",
    "sql": "'; drop table job; --",
    "blanks": "   ",
}
REFUSED = {"a NUL": "before\x00after", "1,001 characters": "x" * 1001}
every_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
every_refused_name = pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED.keys())


@pytest.fixture
def store(settings: Settings) -> LocalStore:
    keys = [key.reveal().encode() for key in settings.url_signing_keys]
    return LocalStore(settings.store_folder, SignedUrls(settings.api_url, keys))


@pytest.fixture
def nothing_escapes(tmp_path: Path, settings: Settings) -> Callable[[], None]:
    """Whether all that was written lies where objects lie."""

    def check() -> None:
        root = settings.store_folder.resolve()
        strays = [path for path in tmp_path.rglob("*") if path.is_file() and not path.resolve().is_relative_to(root)]
        assert strays == []
        assert not Path("/tmp/hurt").exists()

    return check


async def succeeded(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "succeeded", answer.text
    return answer.json()


async def created(client: httpx.AsyncClient, path: str, body: object) -> dict[str, Any]:
    answer = await client.post(f"/api/v1/{path}/", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@every_name
async def test_a_job(client: httpx.AsyncClient, work: Work, nothing_escapes: Callable[[], None], name: str) -> None:
    body = inference(
        await upload(client),
        name=name,
        model=name,
        provider="openai",
        base_url="http://127.0.0.1:1/v1",
        system_prompt=name,
    )
    job_id = (await created(client, "jobs/inference", {**body, "description": name}))["id"]
    await work()
    job = await succeeded(client, f"jobs/{job_id}")
    assert (job["name"], job["description"]) == (name, name)
    url = (await client.get(f"/api/v1/jobs/{job_id}/result/download")).json()["download_url"]
    assert (await client.get(url)).status_code == 200
    nothing_escapes()


@every_name
async def test_a_workflow_and_its_experiment(
    client: httpx.AsyncClient, work: Work, nothing_escapes: Callable[[], None], name: str
) -> None:
    body = {"name": name, "dataset": await upload(client), "description": name}
    answer = await client.post("/api/v1/experiments/", json=body)
    if not name.strip():
        assert answer.status_code in (400, 422)
        return
    assert (answer.status_code, answer.json().get("name")) == (201, name)
    details = {"name": name, "description": name, "model": name, "system_prompt": name}
    endpoint = {"provider": "openai", "base_url": "http://127.0.0.1:1/v1"}
    new = workflow(answer.json()["id"], **details, **endpoint)
    workflow_id = (await created(client, "workflows", new))["id"]
    await work()
    shown = await succeeded(client, f"workflows/{workflow_id}")
    assert {key: shown[key] for key in details} == details
    url = (await client.get(f"/api/v1/workflows/{workflow_id}/result/download")).json()
    assert (await client.get(url)).json()["artifacts"]["model"] == name
    nothing_escapes()


@every_name
async def test_a_dataset(client: httpx.AsyncClient, work: Work, nothing_escapes: Callable[[], None], name: str) -> None:
    files = {"dataset": (f"{name}.csv", DIALOGUES.encode())}
    answer = await client.post("/api/v1/datasets/", files=files, data={"format": "job"})
    if answer.status_code != 201:
        assert answer.status_code == 422, answer.text
        return
    dataset = answer.json()
    urls = (await client.get(f"/api/v1/datasets/{dataset['id']}/download")).json()["download_urls"]
    assert len(urls) == 4
    for url in urls:
        assert (await client.get(url)).status_code == 200
    job_id = (await created(client, "jobs/inference", inference(dataset["id"], store_to_dataset=True)))["id"]
    await work()
    await succeeded(client, f"jobs/{job_id}")
    assert (await client.get(f"/api/v1/jobs/{job_id}/dataset")).json()["row_count"] == 2
    nothing_escapes()


@every_name
async def test_an_output_field(client: httpx.AsyncClient, work: Work, runner: FakeRunner, name: str) -> None:
    body = inference(await upload(client), output_field=name, store_to_dataset=True)
    answer = await client.post("/api/v1/jobs/inference/", json=body)
    if answer.status_code != 201:
        assert answer.status_code == 422, answer.text
        return
    await work()
    await succeeded(client, f"jobs/{answer.json()['id']}")
    dataset = (await client.get(f"/api/v1/jobs/{answer.json()['id']}/dataset")).json()
    assert name in dataset["columns"]


@every_name
async def test_a_secret(client: httpx.AsyncClient, name: str) -> None:
    """Nothing but what a path may hold names one; a job that asks for any other is told so in words."""
    body = inference(await upload(client), name=name, secret_key_name=name)
    answer = await client.post("/api/v1/jobs/inference/", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"] == f"Cannot create job '{name}': Requested secret key '{name}' is not configured."


@every_name
async def test_the_cluster_is_told_by_reference_alone(
    client: httpx.AsyncClient, parts: Assembly, runner: FakeRunner, store: LocalStore, name: str
) -> None:
    body = inference(await upload(client), name=name, system_prompt=name)
    job_id = (await created(client, "jobs/inference", body))["id"]
    await parts.dispatcher().turn()
    submission = runner.submissions[0]
    assert submission.id == f"{job_id}-1"
    assert submission.environment == {}
    assert submission.config_uri.endswith(f"/jobs/work/{job_id}/1/config.json")
    config = msgspec.json.decode(await store.get(f"jobs/work/{job_id}/1/config.json"), type=JobConfig)
    assert config.name == name
    assert config.inference is not None and config.inference.system_prompt == name


@every_refused_name
@pytest.mark.parametrize("place", ["name", "model"])
async def test_what_no_name_can_be_is_refused(client: httpx.AsyncClient, name: str, place: str) -> None:
    dataset = await upload(client)
    job = inference(dataset)
    target = job if place == "name" else job["job_config"]
    target[place] = name
    number = await experiment(client, dataset)
    for path, body in (("jobs/inference", job), ("workflows", workflow(number, **{place: name}))):
        answer = await client.post(f"/api/v1/{path}/", json=body)
        assert answer.status_code == 422, answer.text
        assert place in json.dumps(answer.json()["detail"])
    if place == "name":
        answer = await client.post("/api/v1/experiments/", json={"name": name, "dataset": dataset})
        assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"description": "a\x00b"},
        {"job_config": {"model": "lead-1", "provider": "baseline", "system_prompt": "a\x00b"}},
        {"job_config": {"model": "lead-1", "provider": "baseline", "output_field": "a\x00b"}},
        {"job_config": {"model": "lead-1", "provider": "a\x00b"}},
        {"job_config": {"model": "lead-1", "provider": "baseline", "secret_key_name": "a\x00b"}},
    ],
    ids=["description", "prompt", "output field", "provider", "secret"],
)
async def test_a_nul_is_refused_anywhere(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    answer = await client.post("/api/v1/jobs/inference/", json={**inference(await upload(client)), **change})
    assert answer.status_code == 422, answer.text


async def test_half_a_character_is_refused(client: httpx.AsyncClient) -> None:
    body = json.dumps({**inference(await upload(client)), "name": "a\ud800b"})
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/api/v1/jobs/inference/", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text
