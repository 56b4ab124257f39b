"""The tables `periodic_work` and `periodic_run`. Statements lock a schedule before its run."""

from collections.abc import Sequence
from typing import Any, LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.periodic_work.model import (
    ClaimedRun,
    Outcome,
    PeriodicRun,
    PeriodicTask,
    PeriodicWork,
    PeriodicWorkNotFound,
)

# a worker says three times as often what it does
REGISTERED_SECONDS = 90.0
LARGEST_ID = 2**63 - 1

# after the first failure as soon as usual, a minute at most; then twice as long each time, up to an hour or as usual
RETRY_SECONDS: LiteralString = (
    "least(least(every_seconds, 60) * 2 ^ least(failures, 30), greatest(every_seconds, 3600)) * interval '1 second'"
)
SELECT_RUN: LiteralString = """
    select id, outcome, started_at, ended_at,
        extract(epoch from coalesce(ended_at, now()) - started_at)::float8 as duration_seconds,
        worker, triggered_by, detail, error
    from periodic_run
"""
SELECT_WORK: LiteralString = (
    """
    select name, every_seconds, is_enabled, registered_at > now() - $1::float8 * interval '1 second' as is_registered,
        coalesce(leased_until > now(), false) as is_running, next_at, failures, triggered_by, triggered_at,
        registered_at, (
            select row_to_json(newest) from ("""
    + SELECT_RUN
    + """where periodic_run.name = periodic_work.name order by periodic_run.id desc limit 1) as newest
        ) as last_run
    from periodic_work
"""
)


class PeriodicWorkRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_all(self) -> list[PeriodicWork]:
        return await self.executor.fetch_all(PeriodicWork, SELECT_WORK + "order by name", REGISTERED_SECONDS)

    async def get(self, name: str) -> PeriodicWork:
        """Raises PeriodicWorkNotFound."""
        found = await self.executor.fetch_one(PeriodicWork, SELECT_WORK + "where name = $2", REGISTERED_SECONDS, name)
        if found is None:
            raise PeriodicWorkNotFound(name=name)
        return found

    async def list_newest_runs(self, name: str, *, before: int | None, limit: int) -> list[PeriodicRun]:
        return await self.executor.fetch_all(
            PeriodicRun,
            SELECT_RUN + "where name = $1 and id < $2 order by name, id desc limit $3",
            name,
            LARGEST_ID if before is None else before,
            limit,
        )

    async def register(self, tasks: Sequence[PeriodicTask]) -> None:
        """Makes the schedules of these tasks what the tasks say; new ones are due at once."""
        await self.executor.execute(
            """
            insert into periodic_work (name, every_seconds, is_enabled)
            select name, every_seconds, is_enabled
            from unnest($1::text[], $2::float8[], $3::boolean[]) as task (name, every_seconds, is_enabled)
            order by name
            on conflict (name) do update set every_seconds = excluded.every_seconds, is_enabled = excluded.is_enabled,
                next_at = least(periodic_work.next_at, now() + excluded.every_seconds * interval '1 second'),
                registered_at = now()
            """,
            [task.name for task in tasks],
            [task.every_seconds for task in tasks],
            [task.enabled for task in tasks],
        )

    async def note_registered(self, names: Sequence[str]) -> None:
        """They are still done, as they were registered."""
        await self.executor.execute(
            "update periodic_work set registered_at = now() where name = any ($1::text[])", list(names)
        )

    async def claim_due(
        self, worker: str, names: Sequence[str], at_most: int, lease_seconds: float
    ) -> list[ClaimedRun]:
        """Leases what is due or triggered, and begins a run of each."""
        return await self.executor.fetch_all(
            ClaimedRun,
            """
            with due as (
                select name, triggered_by from periodic_work
                where name = any ($2::text[]) and is_enabled and leased_by is null
                    and (next_at <= now() or triggered_by is not null)
                order by next_at, name limit $3 for update skip locked
            ), leased as (
                update periodic_work set leased_by = $1, leased_until = now() + $4::float8 * interval '1 second',
                    triggered_by = null, triggered_at = null
                from due where periodic_work.name = due.name returning due.name, due.triggered_by
            )
            insert into periodic_run (name, worker, triggered_by) select name, $1, triggered_by from leased
            returning id, name, worker
            """,
            worker,
            list(names),
            at_most,
            lease_seconds,
        )

    async def renew_if_leased(self, run: ClaimedRun, lease_seconds: float) -> bool:
        touched = await self.executor.execute(
            """
            update periodic_work set leased_until = now() + $3::float8 * interval '1 second'
            where name = $1 and leased_by = $2
            """,
            run.name,
            run.worker,
            lease_seconds,
        )
        return touched > 0

    async def finish_if_leased(
        self, run: ClaimedRun, outcome: Outcome, *, detail: Any = None, error: str | None = None
    ) -> bool:
        """Ends the lease and the run. After a failure the pause grows; what was given up is due at once, elsewhere."""
        touched = await self.executor.execute(
            """
            with released as (
                update periodic_work set leased_by = null, leased_until = null,
                    failures = case $4 when 'succeeded' then 0 when 'failed' then failures + 1 else failures end,
                    next_at = case $4 when 'succeeded' then now() + every_seconds * interval '1 second'
                        when 'failed' then now() + """
            + RETRY_SECONDS
            + """ else next_at end
                where name = $1 and leased_by = $2 returning name
            )
            update periodic_run set ended_at = now(), outcome = $4, detail = $5, error = $6 from released
            where id = $3 and ended_at is null
            """,
            run.name,
            run.worker,
            run.id,
            outcome,
            detail,
            error,
        )
        return touched > 0

    async def take_over_lost(self, error: str) -> list[str]:
        """Ends leases that were not renewed, and their runs as lost, which counts as a failure. Answers the names."""
        return await self.executor.fetch_value(
            """
            with lost as (
                select name from periodic_work where leased_until < now() order by name for update skip locked
            ), released as (
                update periodic_work set leased_by = null, leased_until = null, failures = failures + 1,
                    next_at = now() + """
            + RETRY_SECONDS
            + """ from lost where periodic_work.name = lost.name returning periodic_work.name
            ), ended as (
                update periodic_run set ended_at = now(), outcome = 'lost', error = $1 from released
                where periodic_run.name = released.name and ended_at is null
            )
            select coalesce(array_agg(name), '{}') from released
            """,
            error,
        )

    async def trigger_if_possible(self, name: str, by: str) -> bool:
        """One that has been asked for already is begun once."""
        touched = await self.executor.execute(
            """
            update periodic_work set triggered_by = coalesce(triggered_by, $2),
                triggered_at = coalesce(triggered_at, now())
            where name = $1 and is_enabled and registered_at > now() - $3::float8 * interval '1 second'
            """,
            name,
            by,
            REGISTERED_SECONDS,
        )
        return touched > 0

    async def delete_old_runs(self, kept_days: int, kept_successes: int, at_most: int = 1000) -> int:
        """Those that ended so long ago, and all but the newest successes of each schedule; the newest run stays."""
        return await self.executor.execute(
            """
            delete from periodic_run where id in (
                (
                    select id from periodic_run as run
                    where ended_at < now() - $1 * interval '1 day'
                        and exists (select from periodic_run where name = run.name and id > run.id)
                    order by ended_at limit $3
                ) union all (
                    select surplus.id from periodic_work cross join lateral (
                        select id from periodic_run where name = periodic_work.name and outcome = 'succeeded'
                        order by name, id desc offset $2 limit $3
                    ) as surplus limit $3
                )
            )
            """,
            kept_days,
            kept_successes,
            at_most,
        )

    async def delete_unregistered(self, kept_days: int, at_most: int = 1000) -> int:
        """Schedules that no worker has done for so long, with their runs."""
        return await self.executor.execute(
            """
            delete from periodic_work where name in (
                select name from periodic_work
                where registered_at < now() - $1 * interval '1 day' and leased_by is null limit $2
            )
            """,
            kept_days,
            at_most,
        )
