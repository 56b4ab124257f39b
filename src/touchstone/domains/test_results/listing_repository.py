"""The results of one execution as they are answered, with what came of their test cases before."""

from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.shapes.results import RESULT_SOURCES, result_json
from touchstone.domains.shapes.shown import SHOWN, Shown
from touchstone.domains.test_results.model import TestExecutionNotFound

# executions of this or an earlier artefact like this in the same place; `current` is the execution asked about
EARLIER: LiteralString = """
    current join artefact on artefact.name = current.name and artefact.id <= current.artefact_id
        and artefact.series = current.series and artefact.repo = current.repo
        and artefact.track = current.track and artefact.os = current.os
    join artefact_build as build on build.artefact_id = artefact.id and build.architecture = current.architecture
    join test_execution as execution on execution.artefact_build_id = build.id
        and execution.environment_id = current.environment_id
        and (execution.id < current.id or artefact.id < current.artefact_id)
"""

# Nearly every test case has its ten previous results within the last artefacts: those of the nearest 30 executions,
# whole artefacts only. What is further back is read for the cases alone that lack some, if there are any. Results are
# fetched execution by execution (`offset 0`), since a planner that misjudges how many there are reads them all.
PREVIOUS: LiteralString = (
    """
    , current as materialized (
        select execution.id, execution.environment_id, build.architecture, artefact.id as artefact_id, artefact.name,
            artefact.series, artefact.repo, artefact.track, artefact.os
        from test_execution as execution join artefact_build as build on build.id = execution.artefact_build_id
        join artefact on artefact.id = build.artefact_id
        where execution.id = $3
    ), own as materialized (
        select distinct test_case_id from test_result where test_execution_id = $3
    ), boundary as materialized (
        select case when count(*) = 30 then min(artefact_id) else 0 end as artefact_id
        from (select artefact.id as artefact_id from """
    + EARLIER
    + """ order by artefact.id desc limit 30) as nearest
    ), near as materialized (
        select artefact.id as artefact_id, artefact.version, execution.id as execution_id from """
    + EARLIER
    + """ where artefact.id >= (select artefact_id from boundary)
    ), near_result as materialized (
        select result.id, result.test_case_id, result.status, near.artefact_id, near.version, near.execution_id
        from near cross join lateral (
            select id, test_case_id, status from test_result
            where test_execution_id = near.execution_id and test_case_id in (select test_case_id from own) offset 0
        ) as result
    ), short as materialized (
        select array(
            select test_case_id from own where (select artefact_id from boundary) > 0 except
            select test_case_id from near_result group by test_case_id having count(*) >= 10
        ) as cases
    ), far as materialized (
        select artefact.id as artefact_id, artefact.version, execution.id as execution_id from """
    + EARLIER
    + """ where artefact.id < (select artefact_id from boundary) and (select cases from short) <> '{}'
    ), ranked as (
        select id, test_case_id, status, artefact_id, version, execution_id,
            row_number() over (partition by test_case_id order by artefact_id desc, id desc) as place
        from (
            select id, test_case_id, status, artefact_id, version, execution_id from near_result
            union all
            select result.id, result.test_case_id, result.status, far.artefact_id, far.version, far.execution_id
            from far cross join lateral (
                select id, test_case_id, status from test_result
                where test_execution_id = far.execution_id
                    and test_case_id = any ((select cases from short)::integer[]) offset 0
            ) as result
        ) as earlier
    ), previous as materialized (
        select test_case_id, json_agg(json_build_object('status', status, 'version', version,
            'artefact_id', artefact_id, 'test_execution_id', execution_id, 'test_result_id', id
        ) order by place) as listed
        from ranked where place <= 10 group by test_case_id
    )
    """
)


class ResultListingRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_of_execution(self, execution_id: int, shown: Shown) -> bytes:
        """All of them by id, as JSON. Raises TestExecutionNotFound."""
        found = await self.executor.fetch_json(
            SHOWN
            + PREVIOUS
            + "select coalesce((select json_agg("
            + result_json("coalesce(previous.listed, '[]')")
            + " order by result.id) from "
            + RESULT_SOURCES
            + """
                left join previous on previous.test_case_id = result.test_case_id
                where result.test_execution_id = $3
            ), '[]') from test_execution where id = $3
            """,
            *shown.words,
            execution_id,
        )
        if found is None:
            raise TestExecutionNotFound
        return found
