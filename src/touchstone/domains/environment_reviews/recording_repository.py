"""The tables `environment_review` and `environment_review_reviewer`, where a test that starts asks for a review."""

from collections.abc import Sequence

from touchstone.database.executor import Executor


class EnvironmentReviewRecordingRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, build_id: int, environment_id: int) -> None:
        """Undecided, unless there is one."""
        await self.executor.execute(
            """
            insert into environment_review (artefact_build_id, environment_id) values ($1, $2)
            on conflict do nothing
            """,
            build_id,
            environment_id,
        )

    async def replace_reviewers(self, review_ids: Sequence[int], user_ids: Sequence[int]) -> None:
        """Each review gets the one reviewer at its place; reviewers that it had are taken off."""
        await self.executor.execute(
            "delete from environment_review_reviewer where environment_review_id = any ($1::integer[])", review_ids
        )
        await self.executor.execute(
            """
            insert into environment_review_reviewer (environment_review_id, user_id)
            select review_id, user_id from unnest($1::integer[], $2::integer[]) as chosen (review_id, user_id)
            """,
            review_ids,
            user_ids,
        )
