"""Who is given an artefact to review is to have a card."""

from touchstone.database.executor import Transaction
from touchstone.domains.outbox.model import OutboxEvent
from touchstone.domains.review_cards.repository import ReviewCardRepository

ASSIGNED = "review.assigned"


async def want_cards(transaction: Transaction, events: list[OutboxEvent]) -> None:
    """A subscriber of the outbox."""
    assigned = [
        (event.payload["artefact_id"], user_id)
        for event in events
        if event.event == ASSIGNED
        for user_id in event.payload.get("user_ids", ())
    ]
    if assigned:
        await ReviewCardRepository(transaction).want(assigned)
