"""Does a creating call once, however often it is sent."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.domains.idempotent_requests.model import (
    CallInFlight,
    IdempotentCall,
    KeyUsedForAnotherBody,
    RememberedAnswer,
    ShownOnce,
)
from touchstone.domains.idempotent_requests.repository import IdempotentRequestRepository

T = TypeVar("T")


async def once(
    database: Database, call: IdempotentCall | None, kind: type[T], work: Callable[[Transaction], Awaitable[T]]
) -> T:
    """The answer of `work`, done in one transaction with the note that it was done; or the earlier answer.

    Raises CallInFlight and KeyUsedForAnotherBody. Without a call (no Idempotency-Key) the work is simply done.
    """
    async with database.transaction() as transaction:
        earlier = await _find(transaction, call)
        if earlier is not None:
            return msgspec.json.decode(earlier.body, type=kind)
        answer = await work(transaction)
        await _remember(transaction, call, answer)
        return answer


async def once_in_clear(
    database: Database,
    call: IdempotentCall | None,
    subject_of: Callable[[T], str],
    work: Callable[[Transaction], Awaitable[T]],
) -> T:
    """The same for an answer with a key or a secret in it, which is kept nowhere: the second call is told so.

    What is remembered is the subject (`{noun}:{id}`) alone. Raises ShownOnce, CallInFlight and KeyUsedForAnotherBody.
    """
    async with database.transaction() as transaction:
        earlier = await _find(transaction, call)
        if earlier is not None and call is not None:
            raise ShownOnce(key=call.key, subject=msgspec.json.decode(earlier.body, type=str).replace(":", " "))
        answer = await work(transaction)
        await _remember(transaction, call, subject_of(answer))
        return answer


async def _find(transaction: Transaction, call: IdempotentCall | None) -> RememberedAnswer | None:
    if call is None:
        return None
    requests = IdempotentRequestRepository(transaction)
    if not await requests.try_lock(call):
        raise CallInFlight(key=call.key)
    earlier = await requests.find(call)
    if earlier is not None and earlier.body_digest != call.body_digest:
        raise KeyUsedForAnotherBody(key=call.key)
    return earlier


async def _remember(transaction: Transaction, call: IdempotentCall | None, answer: Any) -> None:
    if call is not None:
        await IdempotentRequestRepository(transaction).put(call, msgspec.json.encode(answer).decode())
