"""The database goes away while an upload commits: rows and objects still agree afterwards."""

import contextlib

import pytest
from tests.builders import DIALOGUES
from tests.fakes.object_store import MemoryStore

from touchstone.database.executor import Database
from touchstone.errors import Unavailable


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def test_a_commit_whose_answer_was_lost_keeps_the_objects(client, read, store, monkeypatch):
    transaction = Database.transaction

    @contextlib.asynccontextmanager
    async def commit_unheard(self):
        async with transaction(self) as opened:
            yield opened
        raise Unavailable(system="database", reason="the answer was lost")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "transaction", commit_unheard)
        answer = await client.post(
            "/api/v1/datasets/", files={"dataset": ("a.csv", DIALOGUES.encode())}, data={"format": "job"}
        )
    assert answer.status_code == 503
    [dataset] = (await read("datasets/"))["items"]
    assert len((await read(f"datasets/{dataset['id']}/download"))["download_urls"]) == len(store.objects) == 4
