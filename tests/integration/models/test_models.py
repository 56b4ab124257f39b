"""The catalogue over HTTP."""

import pytest


@pytest.mark.parametrize(
    ("query", "total"), [("", 14), ("?tasks=summarization", 8), ("/?tasks=translation&tasks=Summarization", 14)]
)
async def test_models_are_listed_by_task(client, query, total):
    listing = (await client.get(f"/api/v1/models{query}")).json()
    assert (listing["total"], len(listing["items"])) == (total, total)


@pytest.mark.parametrize("query", ["?tasks=foo", "?tasks="])
async def test_an_unknown_task_is_refused(client, query):
    answer = await client.get(f"/api/v1/models/{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Unsupported task(s): {'")
