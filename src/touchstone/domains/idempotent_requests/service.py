"""Does a creating call once, however often it is sent."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall, KeyUsedForAnotherBody
from touchstone.domains.idempotent_requests.repository import IdempotentRequestRepository

T = TypeVar("T")


async def once(
    database: Database, call: IdempotentCall | None, kind: type[T], work: Callable[[Transaction], Awaitable[T]]
) -> T:
    """The answer of `work`, done in one transaction with the note that it was done; or the earlier answer.

    Raises CallInFlight and KeyUsedForAnotherBody. Without a call (no Idempotency-Key) the work is simply done.
    """
    async with database.transaction() as transaction:
        if call is None:
            return await work(transaction)
        requests = IdempotentRequestRepository(transaction)
        if not await requests.try_lock(call):
            raise CallInFlight(key=call.key)
        earlier = await requests.find(call)
        if earlier is None:
            answer = await work(transaction)
            await requests.put(call, msgspec.json.encode(answer).decode())
            return answer
        if earlier.body_digest != call.body_digest:
            raise KeyUsedForAnotherBody(key=call.key)
        return msgspec.json.decode(earlier.body, type=kind)
