"""The table `environment`."""

from collections.abc import Sequence

from touchstone.database.executor import Executor
from touchstone.domains.environments.schemas import EnvironmentsResponse


class EnvironmentRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, name: str, architecture: str) -> int | None:
        """The id; None when somebody else has made it meanwhile."""
        return await self.executor.fetch_value(
            "insert into environment (name, architecture) values ($1, $2) on conflict do nothing returning id",
            name,
            architecture,
        )

    async def find(self, name: str, architecture: str) -> int | None:
        return await self.executor.fetch_value(
            "select id from environment where name = $1 and architecture = $2", name, architecture
        )

    async def list_names(
        self, pattern: str | None, families: Sequence[str] | None, limit: int, offset: int
    ) -> EnvironmentsResponse:
        """Each name once, whatever its architectures, in order. `pattern` is one of `ilike`; `families` are of what
        was tested there."""
        found = await self.executor.fetch_one(
            EnvironmentsResponse,
            """
            with named as materialized (
                select distinct name from environment where ($1::text is null or name ilike $1)
                    and ($2::text[] is null or exists (
                        select from test_execution join artefact_build on artefact_build.id = artefact_build_id
                        join artefact on artefact.id = artefact_id
                        where environment_id = environment.id and family = any ($2)
                    ))
            )
            select array(select name from named order by name limit $3 offset $4) as environments,
                (select count(*) from named) as count, $3::integer as limit, $4::integer as offset
            """,
            pattern,
            families,
            limit,
            offset,
        )
        return found or EnvironmentsResponse(environments=[], count=0, limit=limit, offset=offset)
