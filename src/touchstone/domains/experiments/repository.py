"""The table `experiment`."""

import datetime as dt
from typing import LiteralString

from touchstone.database.executor import Executor, constraint
from touchstone.database.visibility import VISIBLE, Viewer
from touchstone.domains.belonging.model import Belonging, TeamNotYours
from touchstone.domains.experiments.model import ExperimentNotFound, ExperimentRow
from touchstone.domains.experiments.schemas import NewExperiment

SELECT_EXPERIMENT: LiteralString = """
    select id, name, description, dataset_id, max_samples, task_definition, created_at, updated_at from experiment
"""


class ExperimentRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, experiment_id: int, viewer: Viewer) -> ExperimentRow:
        row = await self.executor.fetch_one(
            ExperimentRow,
            SELECT_EXPERIMENT + "where id = $2 and deleted_at is null and " + VISIBLE,
            viewer,
            experiment_id,
        )
        if row is None:
            raise ExperimentNotFound(id=experiment_id)
        return row

    async def list_newest(
        self, viewer: Viewer, *, skip: int, limit: int, before: tuple[dt.datetime, int] | None = None
    ) -> list[ExperimentRow]:
        """Newest first; `before` is the sort key of the last one already seen."""
        created_at, experiment_id = before or (None, None)
        return await self.executor.fetch_all(
            ExperimentRow,
            SELECT_EXPERIMENT
            + """
            where deleted_at is null and (created_at, id) < (coalesce($4::timestamptz, 'infinity'), $5::bigint) and
            """
            + VISIBLE
            + "order by created_at desc, id desc offset $2 limit $3",
            viewer,
            skip,
            limit,
            created_at,
            experiment_id,
        )

    async def count(self, viewer: Viewer) -> int:
        """The kept total without what is hidden, which has an index of its own."""
        return await self.executor.fetch_value(
            """
            select coalesce(sum(total), 0)::bigint - (
                select count(*) from experiment where deleted_at is null and visibility <> 'everyone' and
            """
            + VISIBLE
            + " is not true) from list_total where list = 'experiment'",
            viewer,
        )

    async def insert(self, new: NewExperiment, belonging: Belonging) -> ExperimentRow:
        """A name that is taken, be it by a deleted experiment, gets the time appended: `_{YYYYmmddHHMMSSffffff}`."""
        with constraint({"experiment_team_id_fkey": TeamNotYours(belonging.team)}):
            row = await self.executor.fetch_one(
                ExperimentRow,
                """
                with taken as (select exists (select from experiment where name = $1) as is_taken)
                insert into experiment (name, description, dataset_id, max_samples, task_definition, owner, team_id,
                    visibility)
                select case when is_taken
                    then $1 || to_char(clock_timestamp() at time zone 'utc', '_YYYYMMDDHH24MISSUS')
                    else $1 end, $2, $3, $4, $5, $6, $7, $8 from taken
                on conflict (name) do nothing
                returning id, name, description, dataset_id, max_samples, task_definition, created_at, updated_at
                """,
                new.name,
                new.description,
                new.dataset,
                new.max_samples,
                new.task_definition,
                belonging.owner,
                belonging.team,
                belonging.visibility,
            )
        # somebody took the name in between: now it is seen as taken
        return row if row is not None else await self.insert(new, belonging)

    async def lock(self, experiment_id: int, viewer: Viewer) -> None:
        """Until the end of the transaction no workflow joins it. Raises ExperimentNotFound."""
        found = await self.executor.fetch_value(
            "select id from experiment where id = $2 and deleted_at is null and " + VISIBLE + "for update",
            viewer,
            experiment_id,
        )
        if found is None:
            raise ExperimentNotFound(id=experiment_id)

    async def give(self, experiment_id: int, belonging: Belonging) -> None:
        """Its owner stays who he is."""
        with constraint({"experiment_team_id_fkey": TeamNotYours(belonging.team)}):
            await self.executor.execute(
                "update experiment set team_id = $2, visibility = $3 where id = $1",
                experiment_id,
                belonging.team,
                belonging.visibility,
            )

    async def mark_deleted(self, experiment_id: int) -> None:
        await self.executor.execute("update experiment set deleted_at = now() where id = $1", experiment_id)
