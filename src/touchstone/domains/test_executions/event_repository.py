"""The table `test_event`."""

from collections.abc import Sequence

from touchstone.database.executor import Executor
from touchstone.domains.test_executions.schemas import TestEventResponse


class TestEventRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_of(self, execution_id: int) -> list[TestEventResponse]:
        """In the order of their times; those of one time as they came."""
        return await self.executor.fetch_all(
            TestEventResponse,
            """
            select event_name, at at time zone 'UTC' as timestamp, detail from test_event
            where test_execution_id = $1 order by at, id
            """,
            execution_id,
        )

    async def delete_of(self, execution_id: int) -> int:
        return await self.executor.execute("delete from test_event where test_execution_id = $1", execution_id)

    async def insert(self, execution_id: int, events: Sequence[TestEventResponse]) -> None:
        await self.executor.execute(
            """
            insert into test_event (test_execution_id, event_name, at, detail)
            select $1, event_name, at, detail
            from unnest($2::text[], $3::timestamptz[], $4::text[]) with ordinality
                as told (event_name, at, detail, place)
            order by place
            """,
            execution_id,
            [event.event_name for event in events],
            [event.timestamp for event in events],
            [event.detail for event in events],
        )

    async def insert_for_each(self, execution_ids: Sequence[int], event_name: str, detail: str) -> None:
        """The same event, now, for several executions."""
        await self.executor.execute(
            """
            insert into test_event (test_execution_id, event_name, at, detail)
            select id, $2, now(), $3 from unnest($1::integer[]) as id
            """,
            execution_ids,
            event_name,
            detail,
        )
