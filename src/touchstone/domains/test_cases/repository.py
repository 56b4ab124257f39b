"""The table `test_case`."""

from collections.abc import Sequence

from touchstone.database.executor import Executor
from touchstone.domains.test_cases.schemas import TestCaseInfo


class TestCaseRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def add_missing(self, names: Sequence[str], categories: Sequence[str], template_ids: Sequence[str]) -> None:
        """What is there stays as it is; of a name that is given twice the first counts."""
        await self.executor.execute(
            """
            insert into test_case (name, category, template_id)
            select distinct on (name) name, category, template_id
            from unnest($1::text[], $2::text[], $3::text[]) with ordinality
                as given (name, category, template_id, place)
            where not exists (select from test_case where test_case.name = given.name)
            -- everybody adds in the same order, so that nobody waits for somebody who waits for him
            order by name, place
            on conflict (name) do nothing
            """,
            names,
            categories,
            template_ids,
        )

    async def put(self, names: Sequence[str], categories: Sequence[str], template_ids: Sequence[str]) -> None:
        """As `add_missing`, but templates that are not empty replace those that are there, the last one of a name."""
        await self.executor.execute(
            """
            with given as (
                select name, (array_agg(category order by place))[1] as category, coalesce(
                    (array_agg(template_id order by place desc) filter (where template_id <> ''))[1], ''
                ) as template_id
                from unnest($1::text[], $2::text[], $3::text[]) with ordinality
                    as given (name, category, template_id, place)
                group by name
            )
            insert into test_case (name, category, template_id)
            select name, category, template_id from given
            where not exists (
                select from test_case
                where test_case.name = given.name and given.template_id in ('', test_case.template_id)
            )
            order by name
            on conflict (name) do update set template_id = excluded.template_id
            where excluded.template_id not in ('', test_case.template_id)
            """,
            names,
            categories,
            template_ids,
        )

    async def list_by_name(
        self, pattern: str | None, families: Sequence[str] | None, limit: int, offset: int
    ) -> list[TestCaseInfo]:
        """In order of name and template. `pattern` is one of `ilike`; `families` are of what was tested."""
        return await self.executor.fetch_all(
            TestCaseInfo,
            """
            select name as test_case, template_id from test_case
            where ($1::text is null or name ilike $1)
                and ($2::text[] is null or exists (
                    select from test_result
                    join test_execution on test_execution.id = test_execution_id
                    join artefact_build on artefact_build.id = artefact_build_id
                    join artefact on artefact.id = artefact_id
                    where test_case_id = test_case.id and family = any ($2)
                ))
            order by name, template_id limit $3 offset $4
            """,
            pattern,
            families,
            limit,
            offset,
        )
