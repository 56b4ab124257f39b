"""The table `environment_review`. Reviews are answered as JSON that Postgres writes."""

from collections.abc import Sequence

import msgspec

from touchstone.database.executor import Executor
from touchstone.domains.artefacts.model import ArtefactNotFound
from touchstone.domains.environment_reviews.model import (
    ReviewNotFound,
    ReviewOfOtherArtefact,
    ReviewRow,
    ReviewState,
)
from touchstone.domains.shapes.artefacts import LATEST_BUILDS
from touchstone.domains.shapes.reviews import REVIEW_JSON, REVIEW_SOURCES
from touchstone.domains.shapes.shown import SHOWN, Shown


class WrittenReview(msgspec.Struct, frozen=True):
    """`body` is the answer, as Postgres wrote it."""

    edition: int
    body: msgspec.Raw


class EnvironmentReviewRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_of_latest_builds(self, shown: Shown, artefact_id: int) -> bytes:
        """Raises ArtefactNotFound."""
        found = await self.executor.fetch_json(
            SHOWN
            + " select (select coalesce(json_agg("
            + REVIEW_JSON
            + " order by environment.name, environment.architecture, review.id), '[]') from "
            + REVIEW_SOURCES
            + " where review.artefact_build_id in "
            + LATEST_BUILDS
            + """
            ) from artefact where artefact.id = $3
                and artefact.family = any ((select families from shown)::text[])
            """,
            *shown.words,
            artefact_id,
        )
        if found is None:
            raise ArtefactNotFound(id=artefact_id)
        return found

    async def get(self, shown: Shown, artefact_id: int, review_id: int) -> WrittenReview:
        """Raises ReviewNotFound, ReviewOfOtherArtefact."""
        await self.require_of(shown.families, artefact_id, review_id)
        found = await self.executor.fetch_one(
            WrittenReview,
            SHOWN
            + " select review.edition, "
            + REVIEW_JSON
            + " as body from "
            + REVIEW_SOURCES
            + " where review.id = $3",
            *shown.words,
            review_id,
        )
        if found is None:
            raise ReviewNotFound(id=review_id)
        return found

    async def list_in_order(self, shown: Shown, review_ids: Sequence[int]) -> bytes:
        """These, in this order; one that is named twice comes twice."""
        found = await self.executor.fetch_json(
            SHOWN
            + " select coalesce(json_agg("
            + REVIEW_JSON
            + " order by asked.place), '[]') from "
            + REVIEW_SOURCES
            + " join unnest($3::integer[]) with ordinality as asked (id, place) on asked.id = review.id",
            *shown.words,
            review_ids,
        )
        return found or b"[]"

    async def require_of(self, families: Sequence[str], artefact_id: int, review_id: int) -> None:
        """Raises ReviewNotFound, ReviewOfOtherArtefact."""
        owner = await self.executor.fetch_value(
            """
            select build.artefact_id from environment_review as review
                join artefact_build as build on build.id = review.artefact_build_id
                join artefact on artefact.id = build.artefact_id
            where review.id = $1 and artefact.family = any ($2::text[])
            """,
            review_id,
            families,
        )
        if owner is None:
            raise ReviewNotFound(id=review_id)
        if owner != artefact_id:
            raise ReviewOfOtherArtefact(id=review_id, artefact_id=artefact_id)

    async def list_rows(
        self, families: Sequence[str], artefact_id: int, review_ids: Sequence[int], names: Sequence[str]
    ) -> list[ReviewRow]:
        """Those that are there and of this artefact; `names` are what executions call the caller."""
        return await self.executor.fetch_all(
            ReviewRow,
            """
            select review.id, review.review_decision, review.review_comment, exists (
                select from test_execution where artefact_build_id = review.artefact_build_id
                    and environment_id = review.environment_id and started_by = any ($4::text[])
            ) as is_own
            from environment_review as review join artefact_build as build on build.id = review.artefact_build_id
                join artefact on artefact.id = build.artefact_id
            where review.id = any ($1::integer[]) and artefact.id = $2 and artefact.family = any ($3::text[])
            """,
            review_ids,
            artefact_id,
            families,
            names,
        )

    async def update(self, states: Sequence[ReviewState], *, editions: list[int] | None = None) -> int:
        """How many had one of the editions; the others stay as they are."""
        return await self.executor.execute(
            """
            update environment_review as review set review_decision = given.review_decision,
                review_comment = given.review_comment, updated_at = case when is_changed then now() else updated_at end,
                edition = edition + is_changed::integer
            from (
                select given.id, given.review_decision, given.review_comment,
                    (given.review_decision, given.review_comment)
                        is distinct from (before.review_decision, before.review_comment) as is_changed
                from jsonb_to_recordset($1::jsonb) as given (id integer, review_decision text[], review_comment text)
                    join environment_review as before on before.id = given.id
            ) as given
            where review.id = given.id and ($2::integer[] is null or edition = any ($2))
            """,
            states,
            editions,
        )
