"""Makes the cards that are wanted. No connection to the database is held while Jira is asked."""

import datetime as dt
from typing import Any, Protocol

import structlog

from touchstone.adapters.issue_tracker import NotAccepted, RateLimited
from touchstone.adapters.jira_cards import CreatedCard, NoJiraIssue
from touchstone.adapters.jira_cards import ReviewCard as JiraCard
from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.review_cards.model import ClaimedCard
from touchstone.domains.review_cards.repository import ReviewCardRepository
from touchstone.errors import Failure
from touchstone.http.caller import SYSTEM

log: Any = structlog.get_logger("touchstone.review_cards")

AT_ONCE = 10
BATCHES_A_RUN = 10
LEASE_SECONDS = 900.0
# a minute after the first attempt, then twice as long each time: for most of a day
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, MOST_ATTEMPTS = 60, 6 * 3600, 12
LONGEST_ERROR = 1000
FINAL = (NoJiraIssue, NotAccepted)


class Cards(Protocol):
    """What is asked of JiraReviewCards."""

    async def ensure(self, card: JiraCard) -> CreatedCard: ...


class UnexpectedAnswer(Failure):
    """{kind}; the worker's log says more"""


class ReviewCardDispatcher:
    """`frontend` is where people work with the service, without a slash at its end."""

    def __init__(self, database: Database, cards: Cards, frontend: str) -> None:
        self.database, self.cards, self.frontend = database, cards, frontend

    async def turn(self) -> dict[str, int]:
        """Answers how many were made, put off, and given up."""
        counts = {"made": 0, "put_off": 0, "failed": 0}
        for _ in range(BATCHES_A_RUN):
            claimed = await ReviewCardRepository(self.database).claim_due(AT_ONCE, LEASE_SECONDS)
            for card in claimed:
                counts[await self._make(card)] += 1
            if len(claimed) < AT_ONCE:
                break
        return counts

    async def _make(self, card: ClaimedCard) -> str:
        try:
            created = await self.cards.ensure(self._written(card))
        except Failure as failure:
            return await self._settle_failure(card, failure)
        except Exception as error:
            log.exception("a card could not be made", card=card.id)
            return await self._settle_failure(card, UnexpectedAnswer(kind=type(error).__name__))
        await self._finish(card, created)
        return "made"

    def _written(self, card: ClaimedCard) -> JiraCard:
        return JiraCard(
            parent=card.parent,
            title=f"Review {card.name} version {card.version} - {card.reviewer}",
            text=f"{self.frontend}/{card.family}s/{card.artefact_id}",
            marker=card.marker,
            handle=card.handle,
        )

    async def _finish(self, card: ClaimedCard, created: CreatedCard) -> None:
        async with self.database.transaction() as transaction:
            is_ours = await ReviewCardRepository(transaction).finish_if_leased(
                card, created.key, created.url, is_assigned=created.is_assigned
            )
            if is_ours:
                told = {"key": created.key, "artefact_id": card.artefact_id}
                await AuditRepository(transaction).record(
                    SYSTEM, "make_review_card", f"review_card:{card.id}", after=told
                )

    async def _settle_failure(self, card: ClaimedCard, failure: Failure) -> str:
        cards, error = ReviewCardRepository(self.database), str(failure).replace("\0", "")[:LONGEST_ERROR]
        log.warning("a card was not made", card=card.id, attempt=card.attempts, reason=error)
        if isinstance(failure, FINAL) or card.attempts >= MOST_ATTEMPTS:
            await cards.fail_if_leased(card, error)
            return "failed"
        await cards.retry_if_leased(card, _try_at(card, failure), error)
        return "put_off"


def _try_at(card: ClaimedCard, failure: Failure) -> dt.datetime:
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (card.attempts - 1), LONGEST_PAUSE_SECONDS)
    again = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=pause)
    return max(again, failure.until) if isinstance(failure, RateLimited) else again
