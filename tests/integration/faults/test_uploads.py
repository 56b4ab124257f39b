"""A server dies while it takes a dataset in: after the sweep the dataset is there as a whole, or nothing of it is."""

import io

import msgspec
import pytest
from tests.builders import DIALOGUES
from tests.fakes.object_store import MemoryStore
from tests.integration.faults.effects import Effects, Killed, Moment, WatchedDatabase, watched

from touchstone.assembly import Assembly
from touchstone.domains.belonging.model import Belonging
from touchstone.domains.datasets.model import Dataset
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.errors import Unavailable
from touchstone.http.caller import SYSTEM

FILES = 4


class Server:
    """Each upload is taken in by a process of its own, over one watched database."""

    def __init__(self, parts: Assembly, store: MemoryStore, database: WatchedDatabase) -> None:
        self.parts, self.store, self.database = parts, store, database

    async def upload(self, effects: Effects, call: IdempotentCall | None) -> Dataset:
        self.database.effects = effects
        store = watched(self.store, "store", self.database)
        service = msgspec.structs.replace(self.parts, database=self.database, store=store).datasets()
        return await service.upload(io.BytesIO(DIALOGUES.encode()), "dialogues.csv", Belonging(), SYSTEM, call)

    async def sweep(self) -> None:
        """As a worker does, two hours later."""
        await self.parts.database.execute("update unfinished_dataset set began_at = began_at - interval '2 hours'")
        await self.parts.datasets().purge_abandoned()

    async def folders(self) -> list[str]:
        return await self.parts.database.fetch_value("select coalesce(array_agg(folder), '{}') from dataset")

    async def under_way(self) -> int:
        return await self.parts.database.fetch_value("select count(*) from unfinished_dataset")

    async def assert_all_or_nothing(self) -> None:
        folders = await self.folders()
        assert len(self.store.objects) == FILES * len(folders)
        assert all(any(key.startswith(folder) for folder in folders) for key in self.store.objects)
        assert await self.under_way() == 0


@pytest.fixture
def server(parts: Assembly, store: MemoryStore, worker_database: WatchedDatabase) -> Server:
    return Server(parts, store, worker_database)


def keyed(key: str) -> IdempotentCall:
    return IdempotentCall(caller="somebody", route="POST /datasets", key=key, body_digest=b"")


async def moments(server: Server, call: IdempotentCall | None) -> list[Moment]:
    effects = Effects()
    await server.upload(effects, call)
    return effects.met


async def test_nothing_is_left_of_an_upload_whose_server_died(server: Server) -> None:
    for moment in await moments(server, None):
        before = len(await server.folders())
        with pytest.raises(Killed):
            await server.upload(Effects((moment, "after")), None)
        await server.sweep()
        await server.assert_all_or_nothing()
        assert len(await server.folders()) in (before, before + 1), moment


async def test_an_upload_that_is_sent_again_after_the_server_died_is_there_once(server: Server) -> None:
    for number, moment in enumerate(await moments(server, keyed("a key"))):
        before = len(await server.folders())
        call = keyed(f"key {number}")
        with pytest.raises(Killed):
            await server.upload(Effects((moment, "after")), call)
        await server.upload(Effects(), call)
        await server.sweep()
        await server.assert_all_or_nothing()
        assert len(await server.folders()) == before + 1, moment


@pytest.mark.parametrize("files_stored", range(FILES + 1))
async def test_what_the_store_does_not_take_back_at_once_the_sweep_removes(
    server: Server, store: MemoryStore, files_stored: int
) -> None:
    """The store goes down in the middle of an upload, so that it cannot be cleaned up either."""

    async def go_down(_: Moment) -> None:
        if len(store.objects) == files_stored:
            store.unavailable = "no answer in time"

    with pytest.raises(Unavailable):
        await server.upload(Effects(on_each=go_down), None)
        store.unavailable = None
        raise Unavailable(system="none", reason="the last file was stored just before")
    await server.sweep()
    store.unavailable = None
    await server.sweep()
    await server.assert_all_or_nothing()


async def test_an_upload_that_was_given_up_meanwhile_makes_no_dataset(server: Server) -> None:
    """Its files are gone, or will be."""

    async def give_up(moment: Moment) -> None:
        if moment.name.endswith("finish_unless_abandoned"):
            await server.sweep()

    with pytest.raises(Unavailable):
        await server.upload(Effects(on_each=give_up), None)
    assert await server.folders() == []
    await server.assert_all_or_nothing()


async def test_a_short_upload_is_left_alone(server: Server) -> None:
    async def sweep(_: Moment) -> None:
        await server.parts.datasets().purge_abandoned()

    await server.upload(Effects(on_each=sweep), None)
    assert len(await server.folders()) == 1
    await server.assert_all_or_nothing()
