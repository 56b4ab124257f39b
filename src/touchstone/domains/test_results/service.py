"""Results of an execution taken in, as JSON or as the file of a test runner, and what of that can be downloaded."""

import hashlib
from collections.abc import AsyncIterator, Sequence

from touchstone.adapters.object_store import ObjectStore
from touchstone.database.executor import Database, Transaction
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once
from touchstone.domains.test_results.formats import FORMATS, read_results
from touchstone.domains.test_results.model import RAW_FILES, NewResult, RecordedResult, Recording, require_fit
from touchstone.domains.test_results.raw_file_repository import RawResultFileRepository
from touchstone.domains.test_results.recording import record
from touchstone.domains.test_results.schemas import RawResultFile
from touchstone.http.caller import Caller


class TestResultService:
    __test__ = False

    def __init__(self, database: Database, store: ObjectStore, recording: Recording) -> None:
        self.database = database
        self.store = store
        self.recording = recording

    async def post(
        self, execution_id: int, results: Sequence[NewResult], caller: Caller, call: IdempotentCall | None = None
    ) -> list[RecordedResult]:
        """What became of each. Raises TestExecutionNotFound, ResultInvalid, TestCasesChanged, CallInFlight."""

        async def work(transaction: Transaction) -> list[RecordedResult]:
            return await record(transaction, caller, execution_id, results, recording=self.recording)

        return await once(self.database, call, list[RecordedResult], work)

    async def take_in(
        self,
        execution_id: int,
        stream: AsyncIterator[bytes],
        media_type: str,
        caller: Caller,
        call: IdempotentCall | None = None,
    ) -> list[RecordedResult]:
        """The results of a file, which is kept as it came. `media_type` is one of FORMATS.

        The object is written first and always, under its own digest: what a failure leaves behind is an object that
        no row names. Raises what `post` raises, ResultsUnreadable, InvalidRequest and Unavailable, the last also in
        the moment in which such an object of old is being removed.
        """
        form = FORMATS[media_type]
        await RawResultFileRepository(self.database).require_execution(execution_id)
        results, received = await read_results(stream, form, self.recording)
        require_fit(results, self.recording)
        digest = hashlib.sha256(received).hexdigest()
        key = f"{RAW_FILES}/{digest[:2]}/{digest}.{form.extension}"
        await self.store.put(key, received, content_type=media_type)

        async def work(transaction: Transaction) -> list[RecordedResult]:
            await RawResultFileRepository(transaction).require_not_doomed(key)
            recorded = await record(transaction, caller, execution_id, results, recording=self.recording)
            await RawResultFileRepository(transaction).add(execution_id, digest, media_type, len(received), key)
            return recorded

        return await once(self.database, call, list[RecordedResult], work)

    async def raw_files(self, execution_id: int) -> list[RawResultFile]:
        """Oldest first, with links that expire. Raises TestExecutionNotFound."""
        files = RawResultFileRepository(self.database)
        await files.require_execution(execution_id)
        return [
            RawResultFile(
                id=file.id,
                digest=file.digest,
                media_type=file.media_type,
                size=file.size,
                created_at=file.created_at,
                download_url=await self.store.download_url(file.object_key, filename=file.object_key.split("/")[-1]),
            )
            for file in await files.list_oldest(execution_id)
        ]
