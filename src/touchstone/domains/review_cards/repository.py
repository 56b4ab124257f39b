"""The table `review_card`. Writes of workers are guarded by the lease's mark."""

import datetime as dt
from collections.abc import Sequence

from touchstone.database.executor import Executor
from touchstone.domains.review_cards.model import ClaimedCard
from touchstone.domains.review_cards.schemas import ReviewCard

LARGEST_ID = 2**31 - 1


class ReviewCardRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def want(self, assigned: Sequence[tuple[int, int]]) -> int:
        """Pairs of an artefact and a reviewer: those whose artefact has an issue in Jira, and no such card yet."""
        return await self.executor.execute(
            """
            insert into review_card (artefact_id, user_id, parent)
            select distinct artefact.id, app_user.id, artefact.jira_issue
            from unnest($1::integer[], $2::integer[]) as assigned (artefact_id, user_id)
                join artefact on artefact.id = assigned.artefact_id
                join app_user on app_user.id = assigned.user_id
            where coalesce(artefact.jira_issue, '') <> ''
            on conflict (artefact_id, user_id, parent) do nothing
            """,
            [artefact_id for artefact_id, _ in assigned],
            [user_id for _, user_id in assigned],
        )

    async def list_newest(
        self, *, artefact_id: int | None, status: str | None, before: int | None, limit: int
    ) -> list[ReviewCard]:
        return await self.executor.fetch_all(
            ReviewCard,
            """
            select id, artefact_id, user_id, parent, status, key, url, is_assigned, attempts,
                case when status = 'wanted' then try_at end as next_attempt_at, error, created_at, updated_at
            from review_card
            where ($1::integer is null or artefact_id = $1) and ($2::text is null or status = $2) and id < $3
            order by id desc limit $4
            """,
            artefact_id,
            status,
            LARGEST_ID if before is None else before,
            limit,
        )

    async def claim_due(self, at_most: int, lease_seconds: float) -> list[ClaimedCard]:
        return await self.executor.fetch_all(
            ClaimedCard,
            """
            with due as (
                select id from review_card
                where status = 'wanted' and try_at <= now() and coalesce(leased_until < now(), true)
                order by try_at, id limit $1 for update skip locked
            )
            update review_card set attempts = attempts + 1, leased_until = now() + $2::float8 * interval '1 second'
            from due, artefact, app_user
            where review_card.id = due.id and artefact.id = review_card.artefact_id
                and app_user.id = review_card.user_id
            returning review_card.id, artefact.id as artefact_id, artefact.family, artefact.name, artefact.version,
                app_user.name as reviewer, app_user.launchpad_handle as handle, parent, marker, attempts, leased_until
            """,
            at_most,
            lease_seconds,
        )

    async def finish_if_leased(self, card: ClaimedCard, key: str, url: str, *, is_assigned: bool) -> bool:
        touched = await self.executor.execute(
            """
            update review_card set status = 'made', key = $3, url = $4, is_assigned = $5, leased_until = null,
                error = null, updated_at = now()
            where id = $1 and leased_until = $2 and status = 'wanted'
            """,
            card.id,
            card.leased_until,
            key,
            url,
            is_assigned,
        )
        return touched > 0

    async def fail_if_leased(self, card: ClaimedCard, error: str) -> bool:
        """For good."""
        touched = await self.executor.execute(
            """
            update review_card set status = 'failed', leased_until = null, error = $3, updated_at = now()
            where id = $1 and leased_until = $2 and status = 'wanted'
            """,
            card.id,
            card.leased_until,
            error,
        )
        return touched > 0

    async def retry_if_leased(self, card: ClaimedCard, try_at: dt.datetime, error: str) -> bool:
        touched = await self.executor.execute(
            """
            update review_card set try_at = $3, leased_until = null, error = $4, updated_at = now()
            where id = $1 and leased_until = $2 and status = 'wanted'
            """,
            card.id,
            card.leased_until,
            try_at,
            error,
        )
        return touched > 0
