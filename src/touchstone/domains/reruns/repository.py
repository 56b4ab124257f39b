"""The table `rerun_request`: at most one row for each group (plan, build, environment)."""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.filters.binding import Binding
from touchstone.domains.filters.selections import selecting_executions, selecting_executions_of_results
from touchstone.domains.reruns.model import RerunClaimedByOther, RerunNotFound
from touchstone.domains.reruns.schemas import DeleteReruns, WantedReruns
from touchstone.domains.shapes.artefacts import BUILD_JSON
from touchstone.domains.shapes.contexts import CONTEXTS
from touchstone.domains.shapes.shown import SHOWN, Shown

# the newest execution of the group of `rerun`
NEWEST_OF_GROUP: LiteralString = """
    cross join lateral (
        select execution.id from test_execution as execution
        where execution.test_plan_id = rerun.test_plan_id and execution.artefact_build_id = rerun.artefact_build_id
            and execution.environment_id = rerun.environment_id
        order by execution.id desc limit 1
    ) as newest
"""

# of `page`: place, id and test_execution_id
PENDING: LiteralString = (
    """
    select coalesce(json_agg(json_build_object('id', rerun.id, 'test_execution_id', executions.id,
        'ci_link', executions.ci_link, 'family', artefacts.family, 'test_execution', executions.written,
        'artefact', artefacts.written, 'artefact_build', """
    + BUILD_JSON
    + """, 'priority', rerun.priority, 'created_at', wire_time(rerun.created_at),
        'claimed_by', case when rerun.claimed_until > now() then rerun.claimed_by end,
        'claimed_until', case when rerun.claimed_until > now() then wire_time(rerun.claimed_until) end
    ) order by page.place), '[]')
    from page join rerun_request as rerun on rerun.id = page.id
        join executions on executions.id = page.test_execution_id
        join artefact_build as build on build.id = executions.artefact_build_id
        join artefacts on artefacts.id = build.artefact_id
"""
)

# of requests that `$3` to `$6` ask for; the order is that in which they are to be done
WANTED: LiteralString = """
    from rerun_request as rerun
        join artefact_build as build on build.id = rerun.artefact_build_id
        join artefact on artefact.id = build.artefact_id
        join environment on environment.id = rerun.environment_id
    where artefact.family = any ((select families from shown)::text[]) and coalesce(artefact.family = $3::text, true)
        and coalesce(environment.name = $4::text, true) and coalesce(environment.architecture = $5::text, true)
        and coalesce(build.architecture = $6::text, true)
"""
NEXT_FIRST: LiteralString = " order by rerun.priority desc, rerun.created_at, rerun.id "


class RerunRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def select_executions(self, selection: DeleteReruns, shown: Shown) -> list[int]:
        binding = Binding()
        return await self.executor.fetch_value(
            "select array(" + _selecting(selection, shown, binding) + ")", *binding.values
        )

    async def list_artefacts_of(self, execution_ids: Sequence[int]) -> list[int]:
        return await self.executor.fetch_value(
            """
            select array(
                select distinct build.artefact_id from test_execution as execution
                    join artefact_build as build on build.id = execution.artefact_build_id
                where execution.id = any ($1::integer[])
            )
            """,
            execution_ids,
        )

    async def insert(self, selection: DeleteReruns, shown: Shown, *, priority: int | None, requested_by: str) -> int:
        """How many requests are new or have another priority now. Without a priority, those that are there stay."""
        binding = Binding(priority, requested_by)
        return await self.executor.execute(
            """
            insert into rerun_request as rerun (test_plan_id, artefact_build_id, environment_id, priority, requested_by)
            select distinct test_plan_id, artefact_build_id, environment_id, coalesce($1::integer, 0), $2::text
            from test_execution where id in ("""
            + _selecting(selection, shown, binding)
            # in one order for all, so that no two wait for each other
            + """) order by test_plan_id, artefact_build_id, environment_id
            on conflict (test_plan_id, artefact_build_id, environment_id)
            do update set priority = $1::integer where rerun.priority <> $1::integer
            """,
            *binding.values,
        )

    async def delete(self, selection: DeleteReruns, shown: Shown) -> int:
        binding = Binding()
        return await self.executor.execute(
            """
            delete from rerun_request where id in (
                select rerun.id from rerun_request as rerun
                where (test_plan_id, artefact_build_id, environment_id) in (
                    select test_plan_id, artefact_build_id, environment_id from test_execution where id in ("""
            + _selecting(selection, shown, binding)
            + """)
                ) order by test_plan_id, artefact_build_id, environment_id for update
            )
            """,
            *binding.values,
        )

    async def list_of_executions(self, execution_ids: Sequence[int], shown: Shown) -> bytes:
        """For each of the executions the request of its group, in the order of the executions."""
        return await self._written(
            """page as materialized (
                select execution.id as place, rerun.id, newest.id as test_execution_id
                from test_execution as execution
                    join artefact_build as build on build.id = execution.artefact_build_id
                    join artefact on artefact.id = build.artefact_id
                    join rerun_request as rerun on rerun.test_plan_id = execution.test_plan_id
                        and rerun.artefact_build_id = execution.artefact_build_id
                        and rerun.environment_id = execution.environment_id """
            + NEWEST_OF_GROUP
            + """ where execution.id = any ($3::integer[])
                    and artefact.family = any ((select families from shown)::text[]))""",
            shown,
            execution_ids,
        )

    async def list_next(self, wanted: WantedReruns, shown: Shown, limit: int | None) -> bytes:
        """Those that are claimed, too."""
        return await self._written(
            "page as materialized (select row_number() over ("
            + NEXT_FIRST
            + ") as place, rerun.id, newest.id as test_execution_id from (select rerun.id, rerun.test_plan_id, "
            + "rerun.artefact_build_id, rerun.environment_id, rerun.priority, rerun.created_at "
            + WANTED
            + NEXT_FIRST
            + "limit $7::bigint) as rerun "
            + NEWEST_OF_GROUP
            + ")",
            shown,
            wanted.family,
            wanted.environment,
            wanted.environment_architecture,
            wanted.build_architecture,
            limit,
        )

    async def claim(
        self, wanted: WantedReruns, shown: Shown, *, limit: int, claimed_by: str, lease_seconds: int
    ) -> list[int]:
        """The ids of requests that were free, or whose lease is over; those that others claim right now are left."""
        return await self.executor.fetch_value(
            SHOWN
            + ", free as materialized (select rerun.id "
            + WANTED
            + " and coalesce(rerun.claimed_until <= now(), true) "
            + NEXT_FIRST
            + """limit $7::bigint for update of rerun skip locked
            ), claimed as (
                update rerun_request as rerun
                set claimed_by = $8::text, claimed_until = now() + $9::integer * interval '1 second'
                from free where rerun.id = free.id returning rerun.id
            )
            select coalesce(array_agg(id), '{}') from claimed
            """,
            *shown.words,
            wanted.family,
            wanted.environment,
            wanted.environment_architecture,
            wanted.build_architecture,
            limit,
            claimed_by,
            lease_seconds,
        )

    async def list_by_ids(self, ids: Sequence[int], shown: Shown) -> bytes:
        return await self._written(
            "page as materialized (select row_number() over ("
            + NEXT_FIRST
            + ") as place, rerun.id, newest.id as test_execution_id from rerun_request as rerun "
            + NEWEST_OF_GROUP
            + " where rerun.id = any ($3::integer[]))",
            shown,
            ids,
        )

    async def renew(self, rerun_id: int, claimed_by: str, lease_seconds: int) -> None:
        """Even when the lease is over, if nobody else has claimed. Raises RerunNotFound, RerunClaimedByOther."""
        renewed = await self.executor.execute(
            """
            update rerun_request set claimed_until = now() + $3::integer * interval '1 second'
            where id = $1 and claimed_by = $2
            """,
            rerun_id,
            claimed_by,
            lease_seconds,
        )
        await self._require_touched(renewed, rerun_id, claimed_by)

    async def release(self, rerun_id: int, claimed_by: str) -> None:
        """Raises RerunNotFound, RerunClaimedByOther."""
        released = await self.executor.execute(
            "update rerun_request set claimed_by = null, claimed_until = null where id = $1 and claimed_by = $2",
            rerun_id,
            claimed_by,
        )
        await self._require_touched(released, rerun_id, claimed_by)

    async def _require_touched(self, count: int, rerun_id: int, claimed_by: str) -> None:
        if count:
            return
        if await self.executor.fetch_value("select exists (select from rerun_request where id = $1)", rerun_id):
            raise RerunClaimedByOther(claimed_by=claimed_by)
        raise RerunNotFound(id=rerun_id)

    async def _written(self, page: LiteralString, shown: Shown, *values: object) -> bytes:
        written = await self.executor.fetch_json(SHOWN + ", " + page + ", " + CONTEXTS + PENDING, *shown.words, *values)
        return written or b"[]"


def _selecting(selection: DeleteReruns, shown: Shown, binding: Binding) -> LiteralString:
    """The ids of the executions that are selected, of families that the caller is shown."""
    selected: LiteralString = (
        """
        select execution.id from test_execution as execution
            join artefact_build as build on build.id = execution.artefact_build_id
            join artefact on artefact.id = build.artefact_id
        where execution.id = any ("""
        + binding.bind(sorted(selection.test_execution_ids))
        + "::integer[]) and artefact.family = any ("
        + binding.bind(list(shown.families))
        + "::text[])"
    )
    if selection.test_results_filters is not None:
        found = selecting_executions_of_results(selection.test_results_filters, shown.families, binding)
        selected = selected + " union " + found
    if selection.test_executions_filters is not None:
        selected = (
            selected + " union " + selecting_executions(selection.test_executions_filters, shown.families, binding)
        )
    return selected
