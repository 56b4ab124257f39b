"""How an attempt fetches its secret: with the ticket of its config, while it lives, and nobody else."""

import msgspec
import pytest
from tests.builders import inference

from touchstone_jobs import wire

VALUE = "sk-very-secret-🐊"


@pytest.fixture
def ticket(store):
    """The ticket in the config of an attempt."""

    async def of(job_id: str, attempt: int = 1) -> wire.Ticket:
        body = await store.get(f"jobs/work/{job_id}/{attempt}/config.json")
        found = msgspec.json.decode(body, type=wire.JobConfig).ticket
        assert found is not None
        return found

    return of


@pytest.fixture
def show(client):
    async def post(ticket: wire.Ticket, **changes: str):
        shown = msgspec.structs.replace(ticket, **changes)
        return await client.post(shown.url, headers={b"Authorization": f"Bearer {shown.token}".encode()})

    return post


@pytest.fixture
async def secretive(client, submit, turn, dataset) -> str:
    """A running job that uses a secret."""
    await client.put("/api/v1/settings/secrets/OpenAI_API_key", json={"value": VALUE, "description": ""})
    body = inference(dataset, name="a slow one", provider="openai", model="m", secret_key_name="openai_api_KEY")
    job_id = (await submit(body))["id"]
    for _ in range(3):
        await turn()
    return job_id


async def test_a_running_attempt_gets_its_secret_for_its_ticket(secretive, ticket, show):
    answer = await show(await ticket(secretive))
    assert (answer.status_code, answer.json()) == (200, {"value": VALUE})


@pytest.mark.parametrize("token", ["", "0" * 64, "\u00e9"])
async def test_a_wrong_ticket_gets_nothing(secretive, ticket, show, token):
    answer = await show(await ticket(secretive), token=token)
    assert answer.status_code == 403
    assert VALUE not in answer.text


async def test_no_ticket_gets_nothing(client, secretive, ticket):
    url = (await ticket(secretive)).url
    assert (await client.post(url)).status_code == 403
    assert (await client.post(url, headers={"Authorization": "Basic abc"})).status_code == 403
    assert (await client.get(url)).status_code == 405


async def test_a_ticket_is_good_for_its_own_attempt_alone(secretive, ticket, show):
    first = await ticket(secretive)
    answer = await show(first, url=first.url.replace("/attempts/1/", "/attempts/2/"))
    assert answer.status_code == 403


async def test_a_ticket_ends_with_its_attempt(client, secretive, ticket, show, runner, work):
    first = await ticket(secretive)
    await runner.finish(f"{secretive}-1")
    await work()
    assert (await show(first)).status_code == 403


async def test_the_next_attempt_has_another_ticket(client, secretive, ticket, show, work, turn):
    first = await ticket(secretive)
    await client.post(f"/api/v1/jobs/{secretive}/cancel")
    await work()
    await client.post(f"/api/v1/jobs/{secretive}/retry")
    await turn()
    second = await ticket(secretive, 2)
    assert second.token != first.token
    assert (await show(first)).status_code == 403
    assert (await show(second)).json() == {"value": VALUE}


async def test_a_job_that_uses_no_secret_has_no_ticket(submit, turn, store, dataset):
    job_id = (await submit(inference(dataset, name="a slow one")))["id"]
    await turn()
    config = msgspec.json.decode(await store.get(f"jobs/work/{job_id}/1/config.json"), type=wire.JobConfig)
    assert config.ticket is None


async def test_a_secret_deleted_meanwhile_is_not_handed_out(client, secretive, ticket, show):
    await client.delete("/api/v1/settings/secrets/openai_api_key")
    assert (await show(await ticket(secretive))).status_code == 403


async def test_the_secret_is_nowhere_in_what_the_cluster_or_the_client_sees(client, secretive, runner, store):
    told = [str(submission) for submission in runner.submissions]
    kept = [await store.get(found.key) async for found in store.list("jobs/")]
    assert not any(VALUE in text for text in told)
    assert not any(VALUE.encode() in body for body in kept)
    assert VALUE not in (await client.get(f"/api/v1/jobs/{secretive}")).text
