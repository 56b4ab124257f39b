"""Whose things are, read from the tables that hold them, and what somebody sees who is not there to say who he is."""

from typing import Literal, LiteralString
from uuid import UUID

from touchstone.database.executor import Executor
from touchstone.database.visibility import VISIBLE, Viewer
from touchstone.domains.belonging.model import Belonging

Kind = Literal["dataset", "experiment", "workflow", "job", "secret"]

SELECT_BELONGING: dict[Kind, LiteralString] = {
    "dataset": "select owner, team_id as team, visibility from dataset where id = $2 and deleted_at is null and ",
    "experiment": "select owner, team_id as team, visibility from experiment where id = $2 and deleted_at is null and ",
    "workflow": "select owner, team_id as team, visibility from workflow where id = $2 and deleted_at is null and ",
    "job": "select owner, team_id as team, visibility from job where id = $2 and ",
    "secret": "select owner, team_id as team, visibility from secret where name = lower($2) and ",
}


class BelongingRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def find(self, kind: Kind, key: UUID | int | str, viewer: Viewer) -> Belonging | None:
        """None too for what the viewer may not see."""
        return await self.executor.fetch_one(Belonging, SELECT_BELONGING[kind] + VISIBLE, viewer, key)

    async def lock(self, kind: Kind, key: UUID | int | str, viewer: Viewer) -> Belonging | None:
        """The same; until the end of the transaction nobody else changes it."""
        return await self.executor.fetch_one(Belonging, SELECT_BELONGING[kind] + VISIBLE + "for update", viewer, key)

    async def viewer_behind_job(self, job_id: UUID) -> Viewer:
        """What the owner of the job sees now; of a job that nobody owns, and of one that is not there, nobody."""
        names = await self.executor.fetch_value(
            """
            with owner as (
                select job.owner as name, app_user.id, coalesce(app_user.is_admin, false) as is_admin
                from job left join app_user on app_user.id = substring(job.owner from '^user:([0-9]{1,9})$')::int
                where job.id = $1
            )
            select case when is_admin then array['*'] else array_remove(array[name], null) || array(
                select 'team:' || team_id::text from team_member where user_id = owner.id) end
            from owner
            """,
            job_id,
        )
        return None if names == ["*"] else (names or [])
