"""The table `test_plan`."""

from collections.abc import Sequence

from touchstone.database.executor import Executor
from touchstone.domains.test_plans.schemas import TestPlansResponse


class TestPlanRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, name: str) -> int | None:
        """The id; None when somebody else has made it meanwhile."""
        return await self.executor.fetch_value(
            "insert into test_plan (name) values ($1) on conflict do nothing returning id", name
        )

    async def find(self, name: str) -> int | None:
        return await self.executor.fetch_value("select id from test_plan where name = $1", name)

    async def list_names(
        self, pattern: str | None, families: Sequence[str] | None, limit: int, offset: int
    ) -> TestPlansResponse:
        """In order. `pattern` is one of `ilike`; `families` are of what was tested by the plan."""
        found = await self.executor.fetch_one(
            TestPlansResponse,
            """
            with named as materialized (
                select name from test_plan where ($1::text is null or name ilike $1)
                    and ($2::text[] is null or exists (
                        select from test_execution join artefact_build on artefact_build.id = artefact_build_id
                        join artefact on artefact.id = artefact_id
                        where test_plan_id = test_plan.id and family = any ($2)
                    ))
            )
            select array(select name from named order by name limit $3 offset $4) as test_plans,
                (select count(*) from named) as count, $3::integer as limit, $4::integer as offset
            """,
            pattern,
            families,
            limit,
            offset,
        )
        return found or TestPlansResponse(test_plans=[], count=0, limit=limit, offset=offset)
