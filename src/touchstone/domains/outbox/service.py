"""Events written in the transaction that makes them, and handed to whoever tells of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.domains.belonging.model import Belonging
from touchstone.domains.outbox.model import OutboxEvent, is_known
from touchstone.domains.outbox.repository import OutboxRepository

Subscriber = Callable[[Transaction, list[OutboxEvent]], Awaitable[None]]

HANDED_AT_ONCE = 100
EVERYONES = Belonging()


async def emit(
    transaction: Transaction, event: str, subject: str, payload: Any, *, belonging: Belonging = EVERYONES
) -> None:
    """Call it in the transaction of the change: it is told exactly when the change stands.

    `event` is one of `model.EVENTS`; `subject` reads `{noun}:{id}`; who may not see the thing (`belonging`) is not
    told. The payload leaves the house: no secrets, no texts that a job has printed.
    """
    if not is_known(event):
        raise ValueError(f"{event} is not in the list of events")
    await OutboxRepository(transaction).insert(event, subject, msgspec.to_builtins(payload), belonging)


async def emit_each(transaction: Transaction, event: str, payloads: Mapping[str, Any]) -> None:
    """The same event of several things that everybody may see, `payloads` by their subjects; see `emit`."""
    if not is_known(event):
        raise ValueError(f"{event} is not in the list of events")
    await OutboxRepository(transaction).insert_each(event, msgspec.to_builtins(payloads))


class Outbox:
    """Hands each event to all subscribers, once: what they write stands together with the note that it is handled."""

    def __init__(self, database: Database, subscribers: Sequence[Subscriber]) -> None:
        self.database = database
        self.subscribers = subscribers

    async def turn(self) -> int:
        """The oldest events that are waiting; answers how many there were. Any number of processes may take turns."""
        async with self.database.transaction() as transaction:
            outbox = OutboxRepository(transaction)
            events = await outbox.take_waiting(HANDED_AT_ONCE)
            if events:
                for subscriber in self.subscribers:
                    await subscriber(transaction, events)
                await outbox.mark_handled([event.id for event in events])
            return len(events)
