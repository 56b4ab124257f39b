"""The tables `execution_metadata` and `test_execution_metadata`."""

from collections.abc import Mapping, Sequence

from touchstone.database.executor import Executor


class ExecutionMetadataRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_json(self) -> bytes:
        """All pairs as the JSON that a client gets."""
        found = await self.executor.fetch_json(
            """
            select json_build_object('execution_metadata', coalesce(json_object_agg(category, listed), '{}'))
            from (
                select category, json_agg(value order by value) as listed from execution_metadata
                group by category order by category
            ) as categories
            """
        )
        return found or b""

    async def add(self, execution_id: int, metadata: Mapping[str, Sequence[str]]) -> None:
        """The pairs that the execution does not have yet; nothing is taken away."""
        pairs = sorted({(category, value) for category, values in metadata.items() for value in values})
        columns = [category for category, _ in pairs], [value for _, value in pairs]
        await self.executor.execute(
            """
            insert into execution_metadata (category, value)
            select category, value from unnest($1::text[], $2::text[]) with ordinality as given (category, value, place)
            where not exists (
                select from execution_metadata as known
                where known.category = given.category and known.value = given.value
            )
            order by place -- the same for everybody, so that nobody waits in a circle
            on conflict do nothing
            """,
            *columns,
        )
        await self.executor.execute(
            """
            insert into test_execution_metadata (test_execution_id, execution_metadata_id)
            select $1, pair.id from unnest($2::text[], $3::text[]) as given (category, value)
            join execution_metadata as pair on pair.category = given.category and pair.value = given.value
            on conflict do nothing
            """,
            execution_id,
            *columns,
        )
