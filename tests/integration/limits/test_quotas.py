"""How much one owner may use: jobs that run, bytes, tokens."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from tests.builders import experiment, inference, upload, workflow
from tests.conftest import replaced, serving
from tests.fakes.runner import FAILS
from tests.people import as_user

from touchstone.database.executor import Database
from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS
from touchstone.settings import Settings
from touchstone_jobs import wire

Serve = Callable[..., contextlib.AbstractAsyncContextManager[httpx.AsyncClient]]
JOBS = "/api/v1/jobs/inference"


@pytest.fixture
def serve(settings: Settings, runner, store) -> Serve:
    @contextlib.asynccontextmanager
    async def with_changes(**changes: object) -> AsyncGenerator[httpx.AsyncClient]:
        async with serving(replaced(settings, **changes), runner, store) as client:
            yield client

    return with_changes


async def until(condition: Callable[[], bool], turn: Callable[[], Awaitable[int]]) -> None:
    for _ in range(20):
        if condition():
            return
        await turn()
    raise AssertionError("it did not come about in twenty turns")


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> httpx.Response:
    return await client.post(path, json=body)


def refusal(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_reached"), answer.text
    return answer.json()["detail"]


async def test_no_more_jobs_run_than_the_quota_says(serve: Serve, database: Database):
    async with serve(quota_running_jobs=2) as client:
        one, another = [await as_user(client, database, *EVALUATION_PERMISSIONS) for _ in range(2)]
        dataset = await upload(one)
        jobs = [await post(one, JOBS, inference(dataset)) for _ in range(2)]
        assert {job.status_code for job in jobs} == {201}
        told = refusal(await post(one, JOBS, inference(dataset)))
        assert told.startswith("The quota of running jobs is reached: 2 of 2 have not ended")
        assert (await post(another, JOBS, inference(dataset))).status_code == 201
        assert (await one.post(f"/api/v1/jobs/{jobs[0].json()['id']}/cancel")).status_code == 200
        assert (await post(one, JOBS, inference(dataset))).status_code == 201


async def test_jobs_sent_at_once_keep_the_quota(serve: Serve, database: Database):
    async with serve(quota_running_jobs=3) as client:
        one = await as_user(client, database, *EVALUATION_PERMISSIONS)
        dataset = await upload(one)
        answers = await asyncio.gather(*(post(one, JOBS, inference(dataset)) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 5


async def test_what_nobody_owns_counts_as_one_owners(serve: Serve, database: Database):
    async with serve(quota_running_jobs=1) as client:
        dataset = await upload(client)
        assert (await post(client, JOBS, inference(dataset))).status_code == 201
        refusal(await post(client, JOBS, inference(dataset)))
        one = await as_user(client, database, *EVALUATION_PERMISSIONS)
        assert (await post(one, JOBS, inference(dataset))).status_code == 201


async def test_workflows_and_retries_count_too(serve: Serve, database: Database):
    async with serve(quota_running_jobs=1) as client:
        one = await as_user(client, database, *EVALUATION_PERMISSIONS)
        dataset = await upload(one)
        group = await experiment(one, dataset)
        flow = await post(one, "/api/v1/workflows", workflow(group))
        assert flow.status_code == 201
        refusal(await post(one, "/api/v1/workflows", workflow(group)))
        refusal(await post(one, JOBS, inference(dataset)))
        await one.post(f"/api/v1/workflows/{flow.json()['id']}/cancel")
        await database.execute("update job set status = 'stopped', finished_at = now()")
        job = (await post(one, JOBS, inference(dataset))).json()["id"]
        refusal(await one.post(f"/api/v1/workflows/{flow.json()['id']}/retry"))
        await one.post(f"/api/v1/jobs/{job}/cancel")
        assert (await post(one, JOBS, inference(dataset))).status_code == 201
        refusal(await one.post(f"/api/v1/jobs/{job}/retry"))


async def test_no_more_bytes_are_stored_than_the_quota_says(serve: Serve, database: Database, store):
    text = "examples\n" + "a row\n" * 20
    async with serve(quota_stored_bytes=2 * len(text)) as client:
        one = await as_user(client, database, *EVALUATION_PERMISSIONS)
        first = await upload(one, text)
        await upload(one, text)
        files = {"dataset": ("d.csv", text.encode())}
        told = refusal(await one.post("/api/v1/datasets", files=files, data={"format": "job"}))
        assert f"{2 * len(text)} of {2 * len(text)} are taken" in told
        assert len({found.key.split("/")[1] async for found in store.list("datasets/")}) == 2
        await one.delete(f"/api/v1/datasets/{first}")
        await upload(one, text)
        await upload(client, text)


async def test_a_dataset_that_would_not_fit_leaves_nothing_behind(serve: Serve, database: Database, store):
    async with serve(quota_stored_bytes=20) as client:
        files = {"dataset": ("d.csv", b"examples\nmuch more than fits\n")}
        refusal(await client.post("/api/v1/datasets", files=files, data={"format": "job"}))
        assert [found async for found in store.list("datasets/")] == []
        assert await database.fetch_value("select count(*) from dataset") == 0


async def test_what_attempts_spent_is_added_up_and_kept_below_the_quota(
    serve: Serve, database: Database, parts, runner, store, turn, work
):
    async with serve(quota_tokens=100) as client:
        one = await as_user(client, database, *EVALUATION_PERMISSIONS)
        dataset = await upload(one)
        job = (await post(one, JOBS, inference(dataset, name="a slow one"))).json()["id"]
        for attempt, code in ((1, "stopped"), (2, "too_many_failed_samples")):
            await until(lambda run=f"{job}-{attempt}": run in runner.runs, turn)
            runner.runs[f"{job}-{attempt}"].fate = FAILS
            failure = wire.FailureReason(code=code, message="…")
            outcome = wire.Outcome(
                attempt=attempt, succeeded=False, progress=wire.Progress(), failure=failure, tokens=60
            )
            await store.put(f"jobs/work/{job}/{attempt}/{wire.OUTCOME_FILE}", msgspec.json.encode(outcome))
        await work()
        assert await database.fetch_value("select tokens_spent from job") == 120
        told = refusal(await post(one, JOBS, inference(dataset)))
        assert told == "The quota of tokens is reached: 120 of 100 were spent in the last 30 days"
        await database.execute("update job set created_at = now() - interval '31 days'")
        assert (await post(one, JOBS, inference(dataset))).status_code == 201
