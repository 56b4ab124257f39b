"""Whose jobs are and what they spent, in the table `job`."""

from collections.abc import Sequence
from uuid import UUID

from touchstone.database.executor import Executor, constraint
from touchstone.domains.belonging.model import Belonging, TeamNotYours


class JobBelongingRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def give(self, job_id: UUID, belonging: Belonging) -> None:
        """Its owner stays who he is."""
        with constraint({"job_team_id_fkey": TeamNotYours(belonging.team)}):
            await self.executor.execute(
                "update job set team_id = $2, visibility = $3 where id = $1",
                job_id,
                belonging.team,
                belonging.visibility,
            )

    async def add_spent(self, job_id: UUID, tokens: int) -> None:
        """What an attempt spent at providers."""
        await self.executor.execute("update job set tokens_spent = tokens_spent + $2 where id = $1", job_id, tokens)

    async def give_in_workflows(self, workflow_ids: Sequence[UUID], belonging: Belonging) -> list[UUID]:
        """Those of the workflows that have the same owner; answers which."""
        return await self.executor.fetch_value(
            """
            with given as (
                update job set team_id = $2, visibility = $3
                where workflow_id = any($1::uuid[]) and owner is not distinct from $4 returning id
            )
            select coalesce(array_agg(id), '{}') from given
            """,
            workflow_ids,
            belonging.team,
            belonging.visibility,
            belonging.owner,
        )
