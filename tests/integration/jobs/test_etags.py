"""Polling what has not changed costs a 304: jobs and workflows."""

import asyncio

import pytest
from tests.builders import experiment, inference, workflow


@pytest.fixture(params=["job", "workflow"])
async def path(request, client, submit, dataset) -> str:
    """Something to poll."""
    if request.param == "job":
        return f"/api/v1/jobs/{(await submit(inference(dataset)))['id']}"
    number = await experiment(client, dataset)
    return f"/api/v1/workflows/{(await client.post('/api/v1/workflows/', json=workflow(number))).json()['id']}"


async def test_what_has_not_changed_is_not_sent_again(client, path):
    first = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b"" and again.headers["etag"] == first.headers["etag"]


async def test_every_change_is_sent(client, path, turn):
    seen = [await client.get(path)]
    while seen[-1].json()["status"] != "succeeded":
        await turn()
        answer = await client.get(path, headers={"If-None-Match": seen[-1].headers["etag"]})
        if answer.status_code == 200:
            assert answer.json() != seen[-1].json()
            seen.append(answer)
        else:
            assert answer.status_code == 304
    assert len({answer.headers["etag"] for answer in seen}) == len(seen) >= 3


async def test_a_link_that_is_signed_anew_is_no_change(client, work, dataset):
    number = await experiment(client, dataset)
    created = (await client.post("/api/v1/workflows/", json=workflow(number))).json()
    await work()
    answers = [await client.get(f"/api/v1/workflows/{created['id']}")]
    async with asyncio.timeout(10):
        while len({answer.json()["artifacts_download_url"] for answer in answers}) < 3:
            await asyncio.sleep(0.1)
            answers.append(await client.get(f"/api/v1/workflows/{created['id']}"))
    assert len({answer.headers["etag"] for answer in answers}) <= 2, "a minute may have begun meanwhile"


async def test_what_is_not_there_has_no_tag(client):
    answer = await client.get("/api/v1/jobs/00000000-0000-4000-8000-000000000000", headers={"If-None-Match": "*"})
    assert answer.status_code == 404 and "etag" not in answer.headers
