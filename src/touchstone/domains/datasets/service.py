"""Taking datasets in and giving them away: files in the object store, then the row; the row first when deleting."""

import asyncio
import contextlib
import hashlib
import tempfile
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import msgspec

from touchstone.adapters.object_store import ObjectStore
from touchstone.database.executor import Database, Transaction
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.belonging.model import Belonging
from touchstone.domains.datasets.model import (
    Dataset,
    DatasetDownloadNotFound,
    DatasetInUse,
    DatasetNotFound,
    DatasetTooLarge,
    StoredDataset,
    UploadTooSlow,
)
from touchstone.domains.datasets.naming import safe_name
from touchstone.domains.datasets.repository import DatasetRepository, NewDatasetRow
from touchstone.domains.datasets.schemas import DatasetDownload
from touchstone.domains.datasets.unfinished_repository import UnfinishedDatasetRepository
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once
from touchstone.domains.limits.quotas import UNLIMITED, Quotas
from touchstone.errors import Unavailable
from touchstone.http.caller import Caller
from touchstone_jobs.wire import DatasetFacts

CHUNK = 1024 * 1024
CLEAN_UP_SECONDS = 3.0
CONTENT_TYPES = {".csv": "text/csv", ".json": "application/json"}


class Received(Protocol):
    """An upload as the server spooled it."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> object: ...


class DatasetService:
    def __init__(
        self, database: Database, store: ObjectStore, *, prefix: str, size_limit: int, quotas: Quotas = UNLIMITED
    ) -> None:
        self.database = database
        self.unfinished = UnfinishedDatasetRepository(database)
        self.store = store
        self.prefix = prefix
        self.size_limit = size_limit
        self.quotas = quotas

    async def upload(
        self, file: Received, filename: str, belonging: Belonging, caller: Caller, call: IdempotentCall | None
    ) -> Dataset:
        """Checks, rewrites and stores the file; only then is there a dataset. Constant memory.

        Raises DatasetTooLarge, DatasetMissingFields, DatasetInvalid, QuotaReached; nothing is left behind then.
        """
        await self.quotas.require_room(self.database, belonging.owner, 1)
        dataset_id = uuid4()
        with tempfile.TemporaryDirectory(prefix="touchstone-upload-") as temporary:
            received, folder = Path(temporary) / "received", Path(temporary) / "folder"
            digest = await asyncio.to_thread(_receive, file, received, self.size_limit)
            facts = await asyncio.to_thread(_ingest, received, filename, folder)
            new = NewDatasetRow(
                id=dataset_id,
                filename=filename,
                folder=self._folder(dataset_id, filename),
                facts=facts,
                belonging=belonging,
            )
            if call is not None:
                call = msgspec.structs.replace(call, body_digest=hashlib.sha256(digest + filename.encode()).digest())
            return await self._store(new, folder, caller, call)

    async def _store(self, new: NewDatasetRow, folder: Path, caller: Caller, call: IdempotentCall | None) -> Dataset:
        async def work(transaction: Transaction) -> Dataset:
            if not await UnfinishedDatasetRepository(transaction).finish_unless_abandoned(new.folder):
                raise UploadTooSlow
            await self.quotas.require_room(transaction, new.belonging.owner, new.facts.size)
            await DatasetRepository(transaction).insert(new)
            dataset = await DatasetRepository(transaction).get(new.id, EVERYTHING)
            await AuditRepository(transaction).record(caller, "upload_dataset", f"dataset:{new.id}", after=dataset)
            return dataset

        await self.unfinished.insert(new.folder)
        try:
            for path in await asyncio.to_thread(_files, folder):
                kind = CONTENT_TYPES.get(path.suffix, "application/octet-stream")
                await self.store.put_file(new.folder + path.name, path, content_type=kind)
            dataset = await once(self.database, call, Dataset, work)
        except BaseException:
            await asyncio.shield(self._give_up_soon(new.folder))
            raise
        if dataset.id != new.id:  # sent before: the earlier one stands
            await self._give_up(new.folder)
        return dataset

    async def delete(self, dataset_id: UUID, caller: Caller) -> None:
        """Raises DatasetNotFound, and DatasetInUse while a job or workflow needs it."""
        async with self.database.transaction() as transaction:
            datasets = DatasetRepository(transaction)
            await datasets.lock(dataset_id, caller.viewer)
            users = await datasets.list_users(dataset_id, caller.viewer)
            if users:
                raise DatasetInUse(id=dataset_id, users=", ".join(users))
            await datasets.mark_deleted(dataset_id)
            stored = await datasets.find_stored(dataset_id, EVERYTHING)
            await AuditRepository(transaction).record(caller, "delete_dataset", f"dataset:{dataset_id}", before=stored)
        if stored is not None:
            await self._purge_if_possible(stored)

    async def purge_deleted(self) -> int:
        """Removes the objects of deleted datasets that are still there; answers how many datasets it saw to."""
        waiting = await DatasetRepository(self.database).list_to_purge()
        for stored in waiting:
            await self._purge_if_possible(stored)
        return len(waiting)

    async def purge_abandoned(self) -> None:
        """Removes the objects of uploads that were never finished."""
        for folder in await self.unfinished.list_abandoned():
            await self._give_up(folder)

    async def downloads(self, dataset_id: UUID, extension: str | None, caller: Caller) -> DatasetDownload:
        """Signed URLs of its files, or of those whose name ends with the extension."""
        stored = await DatasetRepository(self.database).find_stored(dataset_id, caller.viewer)
        if stored is None or stored.is_deleted:
            raise DatasetDownloadNotFound(id=dataset_id)
        ending = (extension or "").strip().lower()
        keys = [found.key async for found in self.store.list(stored.folder)]
        if not keys:
            raise DatasetNotFound(id=dataset_id)
        urls = [await self.store.download_url(key) for key in keys if key.lower().endswith(ending)]
        return DatasetDownload(id=dataset_id, download_urls=urls)

    def _folder(self, dataset_id: UUID, filename: str) -> str:
        return f"{self.prefix}/{dataset_id}/{safe_name(filename)}/"

    async def _purge_if_possible(self, stored: StoredDataset) -> None:
        """The deletion stands already; what the store does not do now, a worker does later."""
        try:
            await self.store.delete_prefix(stored.folder)
        except Unavailable:
            return
        await DatasetRepository(self.database).mark_purged(stored.id)

    async def _give_up_soon(self, folder: str) -> None:
        """A caller who has waited for a system that hangs does not wait for it all over again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLEAN_UP_SECONDS):
                await self._give_up(folder)

    async def _give_up(self, folder: str) -> None:
        """What the store or the database does not do now, a worker does later.

        A commit that went through although its answer was lost has left nothing to give up.
        """
        with contextlib.suppress(Unavailable):
            if await self.unfinished.abandon(folder):
                await self.store.delete_prefix(folder)
                await self.unfinished.forget(folder)


def _receive(file: Received, target: Path, limit: int) -> bytes:
    """Copies the upload to a file of its own, counting; answers its SHA-256."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    with target.open("wb") as out:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise DatasetTooLarge(limit=megabytes(limit))
            digest.update(chunk)
            out.write(chunk)
    return digest.digest()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _ingest(received: Path, filename: str, folder: Path) -> DatasetFacts:
    # imported on the first upload: pyarrow is slow to load
    from touchstone.domains.datasets.ingest import ingest

    facts = ingest(received, filename, folder)
    return msgspec.structs.replace(facts, size=received.stat().st_size)


def megabytes(size: int) -> str:
    """As the contract writes it: `50.0MB`."""
    return f"{size / 1_000_000:.1f}MB"
