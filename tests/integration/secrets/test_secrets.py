"""Secrets: stored, listed by name, replaced, deleted; never read back, and encrypted at rest."""

import msgspec
import pytest
from cryptography.fernet import Fernet, InvalidToken
from tests.builders import inference
from tests.conftest import replaced, serving

from touchstone.adapters.vault import Vault
from touchstone.setting_values import Secret
from touchstone_jobs import wire

PATH = "/api/v1/settings/secrets/"
VALUE = "sk-very-secret"


async def put(client, name: str, value: str = VALUE, **fields):
    return await client.put(PATH + name, json={"value": value, "description": "", **fields})


async def test_a_new_secret_is_created_and_an_old_one_replaced(client, database):
    first, second = await put(client, "openai_api_key"), await put(client, "openai_api_key", "another")
    assert (first.status_code, first.text, second.status_code, second.text) == (201, "null", 204, "")
    assert await database.fetch_value("select count(*) from secret") == 1


async def test_the_list_names_secrets_and_shows_nothing_else(client):
    await put(client, "b_api_key", description="the second letter", allowed_hosts=["localhost"])
    await put(client, "a_api_key")
    answer = await client.get(PATH)
    assert answer.json() == [
        {"name": "b_api_key", "description": "the second letter"},
        {"name": "a_api_key", "description": ""},
    ]
    assert VALUE not in answer.text


async def test_names_do_not_care_for_case(client):
    assert (await put(client, "Open%41I_API_Key")).status_code == 201
    assert (await put(client, "OPENAI_api_KEY")).status_code == 204
    assert [secret["name"] for secret in (await client.get(PATH)).json()] == ["openai_api_key"]
    assert (await client.delete(PATH + "OpenAI_API_KEY")).status_code == 204
    assert (await client.get(PATH)).json() == []


@pytest.mark.parametrize(("name", "kept"), [("a%20b!", "a b!"), ("%C3%84%F0%9F%90%8A", "ä🐊"), ("x" * 255, "x" * 255)])
async def test_a_name_may_hold_any_characters(client, name, kept):
    assert (await put(client, name)).status_code == 201
    assert [secret["name"] for secret in (await client.get(PATH)).json()] == [kept]
    assert (await client.delete(PATH + name)).status_code == 204
    assert (await client.get(PATH)).json() == []


@pytest.mark.parametrize(("name", "status"), [("x" * 256, 422), ("a%00b", 422), ("a/b", 404)])
async def test_a_name_that_cannot_be_kept_is_refused(client, name, status):
    assert (await put(client, name)).status_code == status
    assert (await client.get(PATH)).json() == []


async def test_deleting_what_is_not_there_is_no_error(client):
    assert (await client.delete(PATH + "nobody")).status_code == 204


async def test_one_secret_cannot_be_read(client):
    await put(client, "openai_api_key")
    assert (await client.get(PATH + "openai_api_key")).status_code == 405


async def test_the_value_lies_encrypted_in_the_database(client, database, settings):
    await put(client, "openai_api_key")
    stored = await database.fetch_value("select value from secret")
    assert VALUE.encode() not in stored
    assert Vault([key.reveal() for key in settings.secret_keys]).decrypt(stored) == VALUE
    with pytest.raises(InvalidToken):
        Fernet(Fernet.generate_key()).decrypt(stored)
    await put(client, "other")
    values = await database.fetch_value("select array_agg(distinct value) from secret")
    assert len(values) == 2, "the same value twice is not the same token twice"


@pytest.mark.parametrize(
    "body",
    [
        {"value": "", "description": ""},
        {"value": "v" * 1025 + VALUE, "description": ""},
        {"value": VALUE},
        {"value": [VALUE], "description": ""},
        {"value": {"nested": VALUE}, "description": ""},
        {"value": VALUE, "description": 3},
        {"value": VALUE, "description": "", "allowed_hosts": VALUE},
        [VALUE],
        VALUE,
    ],
)
async def test_a_refused_body_is_not_echoed(client, body):
    answer = await client.put(PATH + "openai_api_key", json=body)
    assert answer.status_code == 422
    assert VALUE not in answer.text
    problem = await client.put(PATH + "openai_api_key", json=body, headers={"accept": "application/problem+json"})
    assert VALUE not in problem.text


async def test_a_body_that_is_no_json_is_not_echoed(client):
    answer = await client.put(PATH + "openai_api_key", content=b'{"value": "' + VALUE.encode())
    assert answer.status_code == 422
    assert VALUE not in answer.text


async def test_the_longest_value_is_kept_whole(client, database, settings):
    value = "🐊" * 1024
    assert (await put(client, "long", value)).status_code == 201
    stored = await database.fetch_value("select value from secret")
    assert Vault([key.reveal() for key in settings.secret_keys]).decrypt(stored) == value


async def handed_out(client, store, turn, submit, dataset, name: str) -> str:
    body = inference(dataset, name="a slow one", provider="openai", model="m", secret_key_name=name)
    job_id = (await submit(body))["id"]
    await turn()
    config = await store.get(f"jobs/work/{job_id}/1/config.json")
    ticket = msgspec.json.decode(config, type=wire.JobConfig).ticket
    assert ticket is not None
    answer = await client.post(ticket.url, headers={"Authorization": f"Bearer {ticket.token}"})
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


async def test_after_a_rotation_old_secrets_open_and_new_ones_need_the_new_key(
    client, submit, turn, dataset, settings, runner, store, database
):
    await put(client, "old")
    old, new = settings.secret_keys[0], Secret(Fernet.generate_key().decode())
    async with serving(replaced(settings, secret_keys=(new, old)), runner, store) as rotated:
        assert await handed_out(rotated, store, turn, submit, dataset, "old") == VALUE
        await put(rotated, "new", "fresh")
    sealed = await database.fetch_value("select value from secret where name = 'new'")
    assert Vault([new.reveal()]).decrypt(sealed) == "fresh"
    with pytest.raises(Exception, match="not in TOUCHSTONE_SECRET_KEYS"):
        Vault([old.reveal()]).decrypt(sealed)
